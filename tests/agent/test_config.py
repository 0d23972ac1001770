"""Settings: what is accepted, and that every problem is told at once with its remedy."""

import base64
from pathlib import Path
from typing import Any

import pytest

from agent import config
from agent.config_reader import ConfigError

KEY = base64.b64encode(bytes(range(32))).decode()


def good() -> dict[str, Any]:
    """Return the smallest good file."""
    return {
        "agent": {"id": "laptop-17", "state": "state"},
        "broker": {"url": "mqtts://centre.example:8883", "version": "5", "ca": "ca.pem", "certificate": "a.pem", "key": "/k/a.key"},
    }


def problems(table: dict[str, Any]) -> tuple[str, ...]:
    """Return what is told about a bad file."""
    with pytest.raises(ConfigError) as caught:
        config.read(table, Path("/etc/mw"))
    return caught.value.problems


def test_smallest_configuration_is_enough() -> None:
    """An id, a state folder and a broker are enough; the rest has defaults and paths start at the file."""
    settings = config.read(good(), Path("/etc/mw"))
    assert settings.agent == config.Agent("laptop-17", Path("/etc/mw/state"))
    assert settings.broker == config.Broker(
        "centre.example", 8883, "5", ca=Path("/etc/mw/ca.pem"), certificate=Path("/etc/mw/a.pem"), key=Path("/k/a.key")
    )
    assert settings.spool == config.SpoolPlace(Path("/etc/mw/state/spool.sqlite"), 64.0)
    assert settings.uplink == config.Uplink(30.0, 16)


def test_everything_set_is_read() -> None:
    """Every setting of every section arrives where it belongs."""
    table = good() | {
        "uplink": {"resend_s": 5, "window": 4},
        "plan": {"file": "plan.json", "keys": {"ops": KEY}},
        "knowledge": {"bundle": "bundle.json", "keys": {"ops": KEY}},
        "trust": {"os_roots": "os.pem", "public_roots": "public.pem"},
        "lab": {
            "enabled": True,
            "connect": {"outlook.office.com:443/udp": "127.0.0.1:4443"},
            "resolvers": ["127.0.0.1:53"],
            "cadence_s": 1,
        },
        "spool": {"path": "/var/spool.db", "max_mb": 5},
        "proxy": {"pac": "http://pac.example/proxy.pac", "wpad": True, "logins": {"proxy.example:3128": "anna:se:cret"}},
    }
    table["agent"] |= {"site": "Lyon", "fleet_key": "secret", "network_prefix": False}
    settings = config.read(table, Path("/etc/mw"))
    assert settings.agent.site == "Lyon"
    assert not settings.agent.network_prefix
    assert settings.uplink == config.Uplink(5.0, 4)
    assert settings.knowledge == config.KnowledgeSource(Path("/etc/mw/bundle.json"), {"ops": bytes(range(32))})
    assert settings.plan == config.PlanSource(Path("/etc/mw/plan.json"), {"ops": bytes(range(32))})
    assert settings.proxy == config.Proxy("http://pac.example/proxy.pac", wpad=True, logins={"proxy.example:3128": "anna:se:cret"})
    assert "cret" not in repr(settings)
    assert settings.trust == config.Trust(Path("/etc/mw/os.pem"), Path("/etc/mw/public.pem"))
    assert settings.lab == config.Lab(
        enabled=True, connect={"outlook.office.com:443/udp": "127.0.0.1:4443"}, resolvers=("127.0.0.1:53",), cadence_s=1.0
    )
    assert settings.spool == config.SpoolPlace(Path("/var/spool.db"), 5.0)
    assert "secret" not in repr(settings)


def test_all_problems_are_told_at_once() -> None:
    """A person mends a file once: every fault is listed, each with setting and remedy."""
    table = {
        "agent": {"id": "Laptop 17"},
        "broker": {"url": "mqtt:/x", "version": "4"},
        "uplink": {"window": 17, "resend": 3},
        "speed": {},
    }
    told = problems(table)
    assert (
        "config: speed: no such section; write one of "
        "[agent], [broker], [uplink], [plan], [trust], [lab], [spool], [proxy], [reflector], [knowledge]" in told
    )
    assert "config: agent.id: 'Laptop 17' is not a name of a-z, 0-9 and -; write id = \"laptop-17\"" in told
    assert 'config: agent.state: is missing; write state = "/var/lib/middlewatch"' in told
    assert "config: broker.url: 'mqtt:/x' is not an address; write mqtts://host:8883" in told
    assert 'config: broker.version: \'4\' is not one of the versions; write version = "5" or "3.1.1"' in told
    assert 'config: broker.ca: is missing; write ca = "centre-ca.pem"' in told
    assert "config: uplink.window: 17 is not a number from 1 to 16; write window = 16" in told
    assert "config: uplink.resend: no such setting; write resend_s" in told


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("agent", "x", "agent: is not a section"),
        ("broker", {"url": "mqtt://h:1883", "version": "5"}, "mqtt:// has no TLS"),
        ("broker", {"url": "mqtts://h:99999", "version": "5"}, "is not an address"),
        ("broker", {"url": 5, "version": "5"}, "5 is not text"),
        ("plan", {"file": "p.json"}, "plan.keys: is missing, and a plan must be signed"),
        ("knowledge", {"bundle": "b.json"}, "knowledge.keys: is missing, and a bundle must be signed"),
        ("knowledge", {"keys": {"ops": "AAAA"}}, "knowledge.keys.ops: is not an Ed25519 public key"),
        ("plan", {"keys": {"ops": "AAAA"}}, "plan.keys.ops: is not an Ed25519 public key"),
        ("plan", {"keys": {"ops": "%%%"}}, "plan.keys.ops: is not an Ed25519 public key"),
        ("plan", {"keys": ["x"]}, "plan.keys: is not a table of texts"),
        ("plan", {"file": 5}, "plan.file: 5 is not a path"),
        ("lab", {"resolvers": ["127.0.0.1:53"]}, "lab.enabled: is false while"),
        ("lab", {"cadence_s": 1}, "lab.enabled: is false while"),
        ("lab", {"enabled": "yes"}, "lab.enabled: 'yes' is neither true nor false"),
        ("lab", {"enabled": True, "connect": {"a": "b"}}, "lab.connect: 'a' = 'b' is not a pair of places"),
        ("lab", {"enabled": True, "resolvers": ["dns"]}, "lab.resolvers: 'dns' is not an address with port"),
        ("lab", {"enabled": True, "resolvers": "dns"}, "lab.resolvers: is not a list of texts"),
        ("spool", {"max_mb": True}, "spool.max_mb: True is not a number"),
    ],
)
def test_a_bad_value_is_named(section: str, values: object, words: str) -> None:
    """Each kind of bad value gives a sentence with the setting's full name."""
    assert any(words in line and "; write " in line for line in problems(good() | {section: values}))


def test_plain_mqtt_is_for_the_laboratory() -> None:
    """Without TLS only with lab.enabled, and then no certificate is asked for."""
    table = good() | {"lab": {"enabled": True}, "broker": {"url": "mqtt://[::1]", "version": "3.1.1"}}
    assert config.read(table, Path("/")).broker == config.Broker("::1", 1883, "3.1.1", tls=False)


def test_check_needs_no_broker() -> None:
    """`check` runs from an almost empty file."""
    settings = config.read({}, Path("/"), need_broker=False)
    assert settings.broker is None
    assert settings.agent.id == "local"


def test_unreadable_and_broken_files_are_sentences(tmp_path: Path) -> None:
    """A missing file and a file that is not TOML are told in one sentence each."""
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file or directory\)"):
        config.load(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("[agent\n")
    with pytest.raises(ConfigError, match="is not TOML"):
        config.load(bad)
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        config.load(bad)


def test_bad_proxy_settings() -> None:
    """What is no PAC file's URL, no proxy and no login is told by name, never with the password."""
    told = problems(good() | {"proxy": {"pac": "pac.example", "logins": {"http://p.example:1": "a:b", "p.example:1": "secret"}}})
    assert [one.partition(":")[2].split()[0] for one in told] == ["proxy.pac:", "proxy.logins:", "proxy.logins:"]
    assert "secret" not in "".join(told)


def test_the_reflectors_key_may_be_ours() -> None:
    """It stands in the plan's place; what is no key is told."""
    key = base64.b64encode(bytes(32)).decode()
    assert config.read(good() | {"reflector": {"key": key}}, Path("/")).reflector_key == key
    assert "reflector.key: 'abc' is not an Ed25519 public key" in problems(good() | {"reflector": {"key": "abc"}})[0]
