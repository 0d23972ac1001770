"""Bytes to reports and back: what is refused, what is kept, and that no bytes whatever raise anything else."""

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.reports import START_NS, Agent
from wire import codec
from wire.codec import MAX_INFLATED_BYTES, MAX_WIRE_BYTES, Malformed, Newer
from wire.facts import RawFacts, WebFacts
from wire.observation import RawObservation, WebObservation
from wire.report import Report
from wire.target import Target

CERTIFICATE = b"0\x82\x01 not really DER, but bytes"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),  # half surrogates, NaN and infinity included
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def payload(*, compress: bool = False) -> bytes:
    """Return a good report with facts and a certificate."""
    agent = Agent()
    return agent.report(START_NS, agent.observations(chain=[CERTIFICATE]), compress=compress)[1]


PLAIN = payload()


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Return the good report with something changed in its JSON."""
    plain = json.loads(PLAIN)
    change(plain)
    return json.dumps(plain).encode()


def first_observation(plain: dict[str, Any], value: object) -> None:
    """Put something else in place of the first observation."""
    plain["cycle"]["observations"][0] = value


def nested(depth: int) -> Any:
    """Return lists in lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("compress", [True, False])
def test_round_trip(compress: bool) -> None:  # noqa: FBT001 - a table's column
    """A report comes back with its identity, its facts and its certificates, compressed or not."""
    agent = Agent()
    topic, data = agent.report(START_NS, agent.observations(chain=[CERTIFICATE]), compress=compress, dropped=[(3, 5)])
    report = codec.decode(data)
    assert topic.endswith(f"{report.stream}/{report.seq}")
    assert (report.agent, report.seq, report.dropped) == (agent.id, 1, [(3, 5)])
    assert report.digest == codec.content_id(report.cycle.dump())
    assert codec.facts_bodies(data) == agent.bodies
    assert codec.certificate_bodies(report) == {codec.content_id(CERTIFICATE): CERTIFICATE}
    assert isinstance(report.facts[report.cycle.observations[0].facts], WebFacts)  # type: ignore[union-attr]


def test_cycle_travels_unchanged() -> None:
    """The spooled bytes of a cycle are in the payload as they are: what is digested is what is sent."""
    agent = Agent()
    agent.report(START_NS)
    cycle = json.dumps({"started_ns": 1, "created_ns": 2, "cadence_s": 60, "observations": [], "future": "field"}, indent=2).encode()
    assert cycle in codec.encode("agent-01", "0" * 32, 1, cycle=cycle, digest=codec.content_id(cycle), compress=False)


def test_unknown_fields_are_ignored() -> None:
    """A field of a newer agent does no harm, wherever it stands."""
    report = codec.decode(changed(lambda plain: plain.update(future={"a": [1]}) or plain["cycle"]["health"].update(more=1)))
    assert report == codec.decode(PLAIN)


def test_unknown_kinds_are_kept_raw() -> None:
    """Observations and facts of kinds this version does not know are kept as they came, the rest of the report is read."""
    strange = {"kind": "smell", "facts": "x", "rtt_ms": 1.5, "list": [1, {"deep": None}]}

    def change(plain: dict[str, Any]) -> None:
        first_observation(plain, strange)
        plain["facts"][codec.content_id(codec.canonical(strange))] = strange

    data = changed(change)
    report = codec.decode(data)
    assert report.cycle.observations[0] == RawObservation(kind="raw", of="smell", data=strange)
    assert isinstance(report.cycle.observations[2], WebObservation)
    body = codec.facts_bodies(data)[codec.content_id(codec.canonical(strange))]
    assert codec.read_facts(body) == RawFacts(of="smell", data=strange)


@pytest.mark.parametrize("major", [2, 3, 10**6])
def test_newer_major(major: int) -> None:
    """A later major version is not malformed: the agent keeps it until the centre is upgraded. Its other fields may be anything."""
    with pytest.raises(Newer, match="upgrade the centre") as caught:
        codec.decode(json.dumps({"major": major, "everything": "else"}).encode())
    assert caught.value.major == major


def test_wire_cap() -> None:
    """What is larger than the wire's cap is refused before anything is done with it; the cap itself is not."""
    with pytest.raises(Malformed, match="cap"):
        codec.inflate(b"{" + b" " * MAX_WIRE_BYTES)
    assert len(codec.inflate(b"{" + b" " * (MAX_WIRE_BYTES - 1))) == MAX_WIRE_BYTES


def test_zip_bomb() -> None:
    """A hundred megabytes in a hundred kilobytes are refused after the cap, not after inflating them."""
    bomb = zlib.compress(b"{" + b" " * 100_000_000, 9)
    assert len(bomb) < MAX_WIRE_BYTES
    with pytest.raises(Malformed, match=f"more than the cap of {MAX_INFLATED_BYTES}"):
        codec.decode(bomb)
    assert len(codec.inflate(zlib.compress(b"{" + b" " * (MAX_INFLATED_BYTES - 1)))) == MAX_INFLATED_BYTES


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "first byte"),
        (b"[]", "first byte"),
        (b"\xef\xbb\xbf" + PLAIN, "first byte"),
        (PLAIN.decode().encode("utf-16"), "first byte"),
        (PLAIN[:-10], "not JSON"),
        (b"{}", "agent: Field required"),
        (payload(compress=True)[:-5], "ends early"),
        (payload(compress=True)[:50] + b"\0" * 50, "damaged"),
        (PLAIN.replace(b'"dns_ms":3.25', b'"dns_ms":NaN'), "NaN"),
        (PLAIN.replace(b'"dns_ms":3.25', b'"dns_ms":-Infinity'), "Infinity"),
        (PLAIN.replace(b'"dns_ms":3.25', b'"dns_ms":1e999'), "finite"),
        (PLAIN.replace(b'"dns_ms":3.25', b'"dns_ms":-1'), "dns_ms"),
        (PLAIN.replace(b"Porto", b"Po\xff\xfe"), "not JSON"),
        (PLAIN.replace(b"Porto", b"Po\\ud800"), "JSON"),
        (PLAIN.replace(b'"major":1', b'"major":0'), "major"),
        (PLAIN.replace(b'"agent":"agent-01"', b'"agent":"Agent 01"'), "agent"),
        (PLAIN.replace(b'"agent":"agent-01"', b'"agent":"agent-01\\n"'), "agent"),
        (b'{"a":' * 100_000, "RecursionError"),
        (b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "RecursionError"),
        (b'{"x":' + b"9" * 5_000 + b"}", "not JSON"),
        (changed(lambda plain: plain.update(seq=-1)), "seq"),
        (changed(lambda plain: plain.update(seq=2**53 + 1)), "seq"),
        (changed(lambda plain: plain["cycle"].update(observations=None)), "observations"),
        (changed(lambda plain: plain["cycle"].update(observations=plain["cycle"]["observations"] * 50)), "at most 1000"),
        (changed(lambda plain: plain["cycle"].update(started_ns=2**63)), "started_ns"),
        (changed(lambda plain: plain.update(dropped=[[1, 2]] * 65)), "dropped"),
        (changed(lambda plain: first_observation(plain, {"kind": ["x"]})), "kind"),
        (changed(lambda plain: first_observation(plain, {"kind": "smell", "x": float("nan")})), "NaN"),
        (changed(lambda plain: first_observation(plain, {"kind": "raw", "of": "x", "data": {"x": float("inf")}})), "unknown kind"),
        (changed(lambda plain: first_observation(plain, {"kind": "smell", "x": "\ud800"})), "unknown kind"),
        (changed(lambda plain: first_observation(plain, {"kind": "smell", "x": nested(500)})), "unknown kind"),
        (changed(lambda plain: plain["facts"].update({"A" * 22: {"kind": "smell", "x": "\ud800"}})), "unknown kind"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_malformed(data: bytes, reason: str) -> None:
    """Each kind of rubbish is refused with a short reason that does not repeat it."""
    with pytest.raises(Malformed, match=reason) as caught:
        codec.decode(data)
    assert len(str(caught.value)) <= 200
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"chain": []}, {"extra": 1}, {"route": "other"}])
def test_facts_must_hash(change: dict[str, Any]) -> None:
    """A body that is not what its id says is refused."""
    with pytest.raises(Malformed, match="does not hash"):
        codec.facts_bodies(changed(lambda plain: next(iter(plain["facts"].values())).update(change)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_facts_that_cannot_be_stored(value: object) -> None:
    """NaN and half characters in a field this version does not know are malformed, not an accident later."""
    data = changed(lambda plain: next(iter(plain["facts"].values())).update(future=value))
    with pytest.raises(Malformed):
        codec.facts_bodies(data)


@pytest.mark.parametrize("text", ["not base64!", "AAAA", "é"])
def test_certificates_must_hash(text: str) -> None:
    """Certificates that are no base64, or not what their id says, are refused."""
    report = codec.decode(changed(lambda plain: plain["certificates"].update({codec.content_id(CERTIFICATE): text})))
    with pytest.raises(Malformed, match="certificate"):
        codec.certificate_bodies(report)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"kind":"web"}', b"\xff", b"[" * 100_000])
def test_stored_facts_may_be_damaged(body: bytes) -> None:
    """A stored body that is no facts is Malformed, nothing else."""
    with pytest.raises(Malformed):
        codec.read_facts(body)


def test_facts_ids_are_stable() -> None:
    """The same facts give the same bytes and id, for ever: they are the key of what is stored. Defaults are not part of it."""
    target = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
    body = codec.facts_bytes(WebFacts(target=target, tls="TLSv1.3", headers={"server": "é"}))
    expected = (
        '{"headers":{"server":"é"},"kind":"web",'
        '"target":{"category":"Optimize","host":"outlook.office365.com","workload":"Exchange"},"tls":"TLSv1.3"}'
    )
    assert body.decode() == expected
    assert codec.content_id(body) == "jEqM6YYyH6VUq09hnMZ7fg"


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Random bytes, raw or compressed, are Malformed and nothing else."""
    for candidate in (data, b"{" + data, b"\x78" + data, zlib.compress(data), zlib.compress(b"{" + data)):
        with pytest.raises((Malformed, Newer)):
            codec.decode(candidate)


@given(st.integers(0, len(PLAIN) - 1), st.binary(min_size=0, max_size=4), st.integers(0, 20))
@settings(max_examples=400)
def test_damaged_report(place: int, patch: bytes, gone: int) -> None:
    """A good report with some bytes replaced is read or refused; what is read can be written, and its bodies read or refused."""
    outcome(PLAIN[:place] + patch + PLAIN[place + gone :])


@given(JSON, st.sampled_from(["observation", "unknown", "raw", "facts", "unknown facts", "context", "cycle", "major", "certificates"]))
@settings(max_examples=400)
def test_any_json_anywhere(value: object, place: str) -> None:
    """Any JSON in place of any part is read or refused, never an accident, neither now nor when it is stored."""
    key = "A" * 22

    def change(plain: dict[str, Any]) -> None:
        match place:
            case "observation":
                first_observation(plain, value)
            case "unknown" | "raw":
                first_observation(
                    plain, {"kind": "smell", "x": value} if place == "unknown" else {"kind": "raw", "of": "x", "data": {"x": value}}
                )
            case "facts" | "unknown facts":
                plain["facts"][key] = value if place == "facts" else {"kind": "smell", "x": value}
            case "context" | "cycle":
                (plain["cycle"] if place == "context" else plain)[place] = value
            case _:
                plain[place] = value

    outcome(changed(change))


def outcome(data: bytes) -> Report | None:
    """Do with a payload all that the collector does with it before it stores it."""
    try:
        report = codec.decode(data)
    except (Malformed, Newer):
        return None
    assert isinstance(report.model_dump_json(), str)
    with suppress(Malformed):
        codec.facts_bodies(data)
    with suppress(Malformed):
        codec.certificate_bodies(report)
    return report
