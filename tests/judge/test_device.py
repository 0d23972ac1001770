"""Holds judge/device.py: the keys a device is recognised by, and when its vendor is named."""

from judge.certificate import read_certificate
from judge.device import device_of, engine_value, instance_value
from judge.examined import Captured
from judge.finding import Device
from judge.knowledge.loader import load_knowledge
from tests.fakes.pki import MITMPROXY, SQUID, Authority, Style, name
from wire.facts import WebFacts
from wire.target import Target

KNOWLEDGE = load_knowledge()
MINTED = Style(("SAN", "BC", "KU", "EKU", "AKI", "SKI"))
BOX = Authority(name(C="US", O="Fortinet", CN="FortiGate CA"), "box one")
OTHER = Authority(name(C="US", O="Fortinet", CN="FortiGate CA"), "box two")


def seen(host: str, chain: list[bytes], alpn: str | None = "h2") -> Captured:
    """Return a captured chain."""
    facts = WebFacts(target=Target(host=host, category="Optimize", workload="Exchange"), alpn=alpn)
    return Captured(0, facts, tuple(read_certificate(der) for der in chain), "no_root")


def keys(device: Device) -> dict[str, str]:
    """Return a device's keys by kind."""
    return {one.kind: one.value for one in device.keys}


def test_instance_key_survives_hosts_and_tells_boxes_apart() -> None:
    """Two hosts behind one box give one instance key; two boxes of one vendor give two, and one product key."""
    one = device_of(seen("a.example", [BOX.leaf("a.example", MINTED), BOX.der]), KNOWLEDGE)
    same = device_of(seen("b.example", [BOX.leaf("b.example", MINTED), BOX.der]), KNOWLEDGE)
    other = device_of(seen("a.example", [OTHER.leaf("a.example", MINTED), OTHER.der]), KNOWLEDGE)
    assert one.keys[0] == same.keys[0] != other.keys[0]
    assert one.keys[0].kind == "instance"
    assert keys(one)["product"] == keys(other)["product"] == "c=us,o=fortinet,cn=fortigate ca"
    assert (one.vendor, one.device_class, one.scope) == ("Fortinet", "redirection-and-inspection", "device")


def test_instance_key_from_what_is_at_hand() -> None:
    """The issuing key comes from the chain, else from the authority key identifier, else there is none."""
    leaf = read_certificate(BOX.leaf("a.example", MINTED))
    box = read_certificate(BOX.der)
    assert instance_value((leaf, box)) == box.spki_sha256
    assert instance_value((leaf,)) == f"aki-{box.ski}"
    assert instance_value((read_certificate(BOX.leaf("a.example", Style(("SAN",)))),)) == ""
    assert instance_value((box,)) == box.spki_sha256


def test_roots_made_per_machine_are_one_device() -> None:
    """Two machines with the same anti-virus product have different roots and the same first key."""
    subject = name(O="AO Kaspersky Lab", CN="Kaspersky Anti-Virus Personal Root Certificate")
    machines = [Authority(subject, seed) for seed in ("machine one", "machine two")]
    devices = [device_of(seen("a.example", [one.leaf("a.example", MINTED), one.der]), KNOWLEDGE) for one in machines]
    assert devices[0].keys[0] == devices[1].keys[0]
    assert devices[0].keys[0].kind == "product"
    assert devices[0].scope == "endpoint"


def test_engine_is_possible_never_a_vendor() -> None:
    """A fingerprint of leaves behind a customer's authority suggests an engine and names no vendor."""
    customer = Authority(name(O="Contoso", CN="Contoso CA"), "customer")
    squid = device_of(seen("a.example", [customer.leaf("a.example", SQUID), customer.der], alpn=None), KNOWLEDGE)
    assert (squid.vendor, squid.possible, squid.device_class) == (None, "Squid or a firewall built on it", "proxy")
    unknown = device_of(seen("a.example", [customer.leaf("a.example", MINTED), customer.der]), KNOWLEDGE)
    assert (unknown.vendor, unknown.possible, unknown.device_class, unknown.confidence) == (None, None, "unknown", 0.0)


def test_engine_value_leaves_out_dates_and_hosts() -> None:
    """The same engine gives the same value for another host."""
    one = engine_value(seen("a.example", [BOX.leaf("a.example", MITMPROXY)]))
    assert one == engine_value(seen("b.example", [BOX.leaf("b.example", MITMPROXY)])) == "RSA-2048|AKI+EKU+SAN|1|h2"
