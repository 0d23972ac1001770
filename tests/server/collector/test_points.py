"""Points: the same report gives the same rows, tags are words with few values, and a field keeps its type for ever."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from judge.finding import Device, DeviceKey, Evidence, Finding
from server.collector.points import FIELD_TYPES, MEASUREMENTS, TAGS, finding_fields, label_of, measured_ns, observation_point, tags_of
from server.history import lines
from tests.fakes.reports import START_NS, TARGETS, Agent
from wire.codec import decode
from wire.facts import (
    AddedRoot,
    ChainTrust,
    DnsFacts,
    EgressFacts,
    HostFacts,
    MediaFacts,
    PacFacts,
    PathFacts,
    ProxySetting,
    QuicFacts,
    WebFacts,
    WebsocketFacts,
)
from wire.observation import (
    DnsObservation,
    EgressObservation,
    HostObservation,
    MediaObservation,
    PathObservation,
    QuicObservation,
    WebObservation,
    WebsocketObservation,
)
from wire.report import Health, Report
from wire.target import HERE, Target
from wire.vocabulary import KINDS

FACTS_ID = "A" * 22
REPORT = decode(Agent().report(START_NS + 123_456_789)[1])
EVIDENCE = (Evidence("trust", "trust", 0.9, "L", "fails public roots"), Evidence("sct", "sct", 0.5, "L", "no SCT"))
FINDING = Finding(TARGETS[0], "direct", "inspected", "critical", 1, "intermediary", "Decrypted.", "", EVIDENCE)


def web(facts: WebFacts | None = None, **values: Any) -> dict[str, Any]:
    """Return the fields of a web observation's point."""
    facts = facts or WebFacts(target=TARGETS[0])
    observation = WebObservation(kind="web", facts=FACTS_ID, at_us=5, **values)
    return observation_point(observation, facts, (), 1, REPORT).fields


@given(st.integers(0, 2**62), st.integers(0, 86_400_000_000), st.integers(0, 999))
def test_a_points_time_is_the_measured_microsecond_and_the_index(started_ns: int, at_us: int, index: int) -> None:
    """Never more than a microsecond off, different for each observation of a report, the same however often it is made."""
    cycle = REPORT.cycle.model_copy(update={"started_ns": started_ns})
    report = REPORT.model_copy(update={"cycle": cycle})
    time_ns = measured_ns(report, at_us, index)
    assert abs(time_ns - (started_ns + at_us * 1000)) < 1000
    assert time_ns % 1000 == index


def test_tags_are_the_listed_ones_in_their_order() -> None:
    """The first write fixes the order on InfluxDB 3."""
    for facts in (WebFacts(target=TARGETS[0]), DnsFacts(target=TARGETS[0]), EgressFacts(target=TARGETS[0])):
        tags = tags_of(label_of(facts.target, facts.route), "Porto", "agent-01")
        assert tuple(key for key, _ in tags) == TAGS
        assert dict(tags)["target"] == "outlook.office365.com:443"
    assert set(MEASUREMENTS) == {*KINDS, "finding"}


def test_a_sample_is_kept_whole_and_what_is_absent_takes_no_field() -> None:
    """A full web observation has all its fields, an empty one only its identity."""
    sample: dict[str, Any] = dict.fromkeys(("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms", "total_ms"), 1.5)
    sample |= {"unaccounted_ms": 0.5, "status": 200, "body_bytes": 9, "address": "192.0.2.1", "front_door": "LIS", "error": "late"}
    sample |= {"server_ms": 8.0, "health_score": 2, "throughput_mbps": 91.5, "bloat_ms": 12.0}
    assert web(**sample) == sample | {"facts": FACTS_ID, "stream": REPORT.stream, "seq": 1, "clock": "kernel"}
    assert web() == {"facts": FACTS_ID, "stream": REPORT.stream, "seq": 1, "clock": "kernel"}
    assert set(sample) | {"kind", "facts", "at_us", "suspect", "repeat", "clock"} == set(WebObservation.model_fields)


def test_facts_a_table_asks_for_are_fields_too() -> None:
    """TLS version, HTTP version, both trust results, resolver, egress address; how it failed and where."""
    trust = ChainTrust(os="trusted", public="no_root")
    seen = web(WebFacts(target=TARGETS[0], tls="TLSv1.3", http="h2", trust=trust))
    assert (seen["tls"], seen["http"], seen["trust_os"], seen["trust_public"]) == ("TLSv1.3", "h2", "trusted", "no_root")
    failed = web(WebFacts(target=TARGETS[0], failure="reset", stage="tls"), suspect=True, repeat=True)
    assert (failed["failure"], failed["stage"], failed["suspect"], failed["repeat"]) == ("reset", "tls", True, True)
    assert web(WebFacts(target=TARGETS[0], failure="unknown"))["stage"] == ""
    dns = DnsObservation(kind="dns", facts=FACTS_ID, at_us=0, dns_ms=2.5, answers=["192.0.2.1", "192.0.2.2"])
    point = observation_point(dns, DnsFacts(target=TARGETS[0], resolver="192.0.2.53", cnames=["a", "b"]), (), 1, REPORT)
    assert point.measurement == "dns"
    assert (point.fields["answers"], point.fields["cnames"], point.fields["resolver"]) == ("192.0.2.1 192.0.2.2", "a b", "192.0.2.53")
    egress = EgressObservation(kind="egress", facts=FACTS_ID, at_us=0, total_ms=2.5)
    point = observation_point(egress, EgressFacts(target=TARGETS[0], address="203.0.113.7"), (), 1, REPORT)
    assert (point.measurement, point.fields["address"], point.fields["total_ms"]) == ("egress", "203.0.113.7", 2.5)


def test_a_machine_in_one_row() -> None:
    """Lists become words or counts, a place without a proxy is left out; what the agent says of itself stands beside."""
    health = Health(rss_mb=44.5, spooled=3, clock_offset_ms=-7.0, uplink="refused")
    report = REPORT.model_copy(update={"cycle": REPORT.cycle.model_copy(update={"health": health})})
    facts = HostFacts(
        target=HERE,
        system="windows",
        adapters=["tunnel", "wired"],
        vpn=["wintun"],
        tunnelled=["52.96.0.0/14"],
        added_roots=[AddedRoot(subject="CN=a"), AddedRoot(subject="CN=b")],
        products=["netskope", "zscaler"],
        proxies=[ProxySetting(scope="user", way="pac", server="pac.contoso.com"), ProxySetting(scope="service", way="none")],
    )
    fields = observation_point(HostObservation(kind="host", facts=FACTS_ID, at_us=0, roots=41), facts, (), 1, report).fields
    assert (fields["adapters"], fields["vpn"], fields["products"]) == ("tunnel wired", "wintun", "netskope zscaler")
    assert (fields["tunnelled"], fields["untunnelled"], fields["added_roots"], fields["roots"]) == (1, 0, "CN=a; CN=b", 41)
    assert (fields["proxies"], "pac_direct" in fields) == ("user pac pac.contoso.com", False)
    assert (fields["rss_mb"], fields["spooled"], fields["clock_offset_ms"], fields["uplink"]) == (44.5, 3, -7.0, "refused")


OTHERS: list[tuple[Any, Any]] = [
    (
        MediaObservation(kind="media", facts=FACTS_ID, at_us=0, rtt_ms=9, loss_percent=5, sent=20, received=19, alternate="192.0.2.1:3478"),
        MediaFacts(target=TARGETS[0], ephemeral="allocate", audio="binding", realm="rtcmedia", mapped="203.0.113.7"),
    ),
    (
        QuicObservation(kind="quic", facts=FACTS_ID, at_us=0, handshake_ms=9, status=200),
        QuicFacts(target=TARGETS[0], version="0x00000001", alpn="h3", trust=ChainTrust(os="trusted", public="no_root")),
    ),
    (
        WebsocketObservation(kind="websocket", facts=FACTS_ID, at_us=0, upgrade_ms=9, ping_ms=8, idle_s=60),
        WebsocketFacts(target=TARGETS[0], status=101, upgraded=True, idle="lost", tls="TLSv1.3", failure="reset", stage="body"),
    ),
]


def test_media_quic_and_websocket() -> None:
    """Of each the sample and what its facts say; what is empty is no field, but whether an upgrade was made always is one."""
    media, quic, websocket = (observation_point(seen, facts, (), 1, REPORT).fields for seen, facts in OTHERS)
    assert (media["ephemeral"], media["audio"], media["realm"], media["mapped"]) == ("allocate", "binding", "rtcmedia", "203.0.113.7")
    assert (media["rtt_ms"], media["loss_percent"], media["sent"], media["alternate"]) == (9.0, 5.0, 20, "192.0.2.1:3478")
    assert (quic["version"], quic["alpn"], quic["trust_public"], quic["handshake_ms"]) == ("0x00000001", "h3", "no_root", 9.0)
    assert (websocket["upgraded"], websocket["status"], websocket["idle"], websocket["failure"]) == (True, 101, "lost", "reset")
    silent = observation_point(OTHERS[0][0], MediaFacts(target=TARGETS[0], failure="timeout"), (), 1, REPORT).fields
    assert not {"ephemeral", "audio", "realm", "mapped"} & silent.keys()
    refused = observation_point(OTHERS[2][0], WebsocketFacts(target=TARGETS[0], status=403), (), 1, REPORT).fields
    assert (refused["upgraded"], "idle" in refused) == (False, False)


def test_a_finding_has_its_device_only_when_there_is_one() -> None:
    """Verdict and evidence always; key, class and vendor when known. A whole confidence is a float all the same."""
    fields = finding_fields(FINDING, "k1")
    assert (fields["verdict"], fields["signals"], fields["knowledge"]) == ("inspected", "trust sct", "k1")
    assert type(fields["confidence"]) is float
    assert not {"device_key", "device_class", "vendor"} & fields.keys()
    unnamed = finding_fields(replace(FINDING, device=Device((DeviceKey("instance", "abc"),), "swg")), "k1")
    assert (unnamed["device_key"], unnamed["device_class"], "vendor" in unnamed) == ("instance:abc", "swg", False)
    assert finding_fields(replace(FINDING, device=Device((), "swg", "Example")), "k1")["vendor"] == "Example"


def every_point(report: Report) -> list[dict[str, Any]]:
    """Return the fields of all points a report can become."""
    agent = Agent()
    seen = agent.observations(chain=[b"leaf"], trust=ChainTrust(os="trusted", public="trusted"))
    facts = {
        "web": WebFacts(target=TARGETS[0], tls="t", http="h", failure="reset", stage="tls", trust=ChainTrust(os="name", public="name"))
    }
    facts |= {"dns": DnsFacts(target=TARGETS[0], resolver="r"), "egress": EgressFacts(target=TARGETS[0], address="a")}  # type: ignore[dict-item]
    looked = PathFacts(
        target=TARGETS[0], ends_at=2, control_port=80, control_ends_at=4, mss=1348, sack=True, timestamps=True, scaling=False
    )
    times = {"connect_ms": 1, "control_ms": 2, "icmp_ms": 3, "unroutable_ms": 4, "microsoft_ms": 5, "microsoft_hop": 3}
    path = PathObservation.model_validate({"kind": "path", "facts": FACTS_ID, "at_us": 0, "hops": ["private", ""], **times})
    seen = [*seen, path]
    facts |= {"path": looked}  # type: ignore[dict-item]
    made = [observation_point(one, facts[one.kind], (), 1, report).fields for one in seen if one.kind != "raw"]
    host = HostObservation(kind="host", facts=FACTS_ID, at_us=0, ntp_offset_ms=1, roots=1, error="e")
    pac = PacFacts(direct=["a"], proxied={"b": "c"})
    machine = HostFacts(target=HERE, system="linux", adapters=["wired"], proxies=[ProxySetting(scope="user", way="wpad")], pac=pac)
    made.append(observation_point(host, machine, (), 1, report).fields)
    made += [observation_point(one, other, (), 1, report).fields for one, other in OTHERS]
    return [*made, finding_fields(replace(FINDING, device=Device((DeviceKey("instance", "abc"),), "swg", "Example")), "k1")]


def test_every_field_keeps_to_its_type() -> None:
    """InfluxDB refuses a field of a second type for ever, and the encoder tells 1 from 1.0: so ours must not."""
    whole = WebObservation.model_validate({"kind": "web", "facts": FACTS_ID, "at_us": 0, "total_ms": 60, "status": 200})
    fields = [*every_point(REPORT), observation_point(whole, WebFacts(target=TARGETS[0]), (), 1, REPORT).fields]
    for name, value in [pair for one in fields for pair in one.items()]:
        assert type(value) is FIELD_TYPES[name], name


def test_any_target_is_a_line_of_the_line_protocol() -> None:
    """A host of blanks, commas, equals signs and backslashes is still one line with the same tag."""
    for host in ("a b", "a,b", "a=b", "a\\", "ä"):
        facts = WebFacts(target=Target(host=host, category="Control", workload="Control"))
        observation = WebObservation(kind="web", facts=FACTS_ID, at_us=0)
        line = lines.encode(
            observation_point(observation, facts, tags_of(label_of(facts.target, facts.route), "Site one, Porto", "agent-01"), 1, REPORT)
        )
        assert line.count(b"\n") == 0
