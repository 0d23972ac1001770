"""Configuration: every wrong value is one sentence with its place and the remedy, all of them at once."""

from pathlib import Path

import pytest

from server.config import BadConfiguration, Settings, load_settings

GOOD = '[broker]\nurl = "mqtt://127.0.0.1:1883"\n[history]\ntoken = "t"\n'


def load(tmp_path: Path, text: str) -> Settings:
    """Load a configuration of this text."""
    file = tmp_path / "server.toml"
    file.write_text(text)
    return load_settings(file)


def problems(tmp_path: Path, text: str) -> list[str]:
    """Return what is wrong with a configuration."""
    with pytest.raises(BadConfiguration) as caught:
        load(tmp_path, text)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def broker(line: str) -> str:
    """Return a configuration with another line in its broker."""
    return f'{GOOD}[state]\nurl = "sqlite+aiosqlite:///state.db"\n'.replace('url = "mqtt://127.0.0.1:1883"', line)


def other(section: str, line: str) -> str:
    """Return a good configuration with a line in another section."""
    return f"{GOOD}[{section}]\n{line}\n"


def site(lines: str) -> str:
    """Return a good configuration with a site of these settings."""
    return other('sites."Bad Homburg"', lines)


def egress(*prefixes: str) -> str:
    """Return a good configuration with these ways out."""
    return GOOD + "".join(f'[[egress]]\nprefix = "{one}"\nname = "Backbone"\nlatitude = 50\nlongitude = 8\n' for one in prefixes)


WRONG = [
    (broker('url = "mqtt:/x"'), "config: broker.url: 'mqtt:/x' is not an address; write mqtts://host:8883"),
    (broker('url = "http://x:1"'), "config: broker.url: 'http://x:1' is not an address; write mqtts://host:8883"),
    (broker('url = "mqtts://x:99999"'), "config: broker.url: 'mqtts://x:99999' is not an address; write mqtts://host:8883"),
    (broker('url = "mqtts://[::1"'), "config: broker.url: 'mqtts://[::1' is not an address; write mqtts://host:8883"),
    (broker('url = "mqtt://example.net"'), "config: broker.url: mqtt:// is for this machine only; write mqtts://host:8883 and set ca,"),
    (broker('url = "mqtts://example.net"'), "config: broker.ca: mqtts needs ca, certificate and key; set all three to PEM files"),
    (broker("embedded = true"), "config: broker.url: the embedded broker has no TLS, so not 'mqtts://localhost:8883'; write mqtt://127"),
    (broker("url = 5"), "config: broker.url: Input should be a valid string"),
    (broker("version = 5"), "config: broker.version: Input should be '3.1.1' or '5'"),
    (broker('share = "a/b"'), "config: broker.share: String should match pattern"),
    (broker('client_id = ""'), "config: broker.client_id: String should have at least 1 character"),
    (broker('acknowledge = "never"'), "config: broker.acknowledge: Input should be 'stored' or 'arrival'"),
    (GOOD.replace('token = "t"', ""), "config: history.token: InfluxDB needs a token; set history.token or MIDDLEWATCH_HISTORY__TOKEN"),
    (GOOD + 'url = "influx:8086"', "config: history.url: 'influx:8086' is not an address; write http://host:8086"),
    (GOOD + 'url = "http://"', "config: history.url: 'http://' is not an address; write http://host:8086"),
    (GOOD + 'url = "http://[::1"', "config: history.url: 'http://[::1' is not an address; write http://host:8086"),
    (GOOD + "timeout_s = 0", "config: history.timeout_s: Input should be greater than 0"),
    (GOOD + 'kind = "csv"', "config: history.kind: Input should be 'influx' or 'embedded'"),
    (
        other("state", 'url = "mysql://x"'),
        "config: state.url: write sqlite+aiosqlite:///FILE or postgresql+asyncpg://user:password@host/database",
    ),
    (other("state", 'url = "sqlite+aiosqlite:///"'), "config: state.url: write sqlite+aiosqlite:///FILE or postgresql+asyncpg://"),
    (other("state", 'url = "sqlite+aiosqlite:///:memory:"'), "config: state.url: write sqlite+aiosqlite:///FILE or postgresql+asyncpg://"),
    (
        other("state", 'url = "postgresql+asyncpg://host:port/db"'),
        "config: state.url: write sqlite+aiosqlite:///FILE or postgresql+asyncpg://",
    ),
    (other("collector", "queue_mb = 0"), "config: collector.queue_mb: Input should be greater than or equal to 1"),
    (
        other("collector", 'public_roots = "roots.pem"'),
        "config: collector.public_roots: roots of one's own are for laboratories; remove it",
    ),
    (other("watcher", 'enabled = "perhaps"'), "config: watcher.enabled: Input should be a valid boolean"),
    (other("watcher", "refresh_s = 0"), "config: watcher.refresh_s: Input should be greater than or equal to 1"),
    (
        site("latitude = 95\nlongitude = 8"),
        "config: sites.Bad Homburg.latitude: 95 is nowhere on Earth; write degrees from -90 to 90, north",
    ),
    (site("latitude = nan\nlongitude = 8"), "config: sites.Bad Homburg.latitude: nan is nowhere on Earth; write degrees from -90 to 90"),
    (
        site("latitude = 50\nlongitude = 188.5"),
        "config: sites.Bad Homburg.longitude: 188.5 is nowhere on Earth; write degrees from -180 to",
    ),
    (site("latitude = 50"), "config: sites.Bad Homburg.longitude: Field required"),
    (
        site('latitude = 50\nlongitude = 8\nzone = "CEST/x"'),
        "config: sites.Bad Homburg.zone: 'CEST/x' is no time zone this machine knows; write",
    ),
    (
        site('latitude = 50\nlongitude = 8\nzone = "Europe"'),
        "config: sites.Bad Homburg.zone: 'Europe' is no time zone this machine knows; write",
    ),
    (
        site('latitude = 50\nlongitude = 8\nzone = "../x"'),
        "config: sites.Bad Homburg.zone: '../x' is no time zone this machine knows; write an",
    ),
    (other('sites.""', "latitude = 50\nlongitude = 8"), "config: sites: '' is not a name; write one of 1 to 256 characters"),
    (egress("203.0.113.7/24"), "config: egress.0.prefix: '203.0.113.7/24' is not a prefix; write 203.0.113.0/24"),
    (egress("Frankfurt"), "config: egress.0.prefix: 'Frankfurt' is not a prefix; write 203.0.113.0/24"),
    (
        egress("198.18.0.0/15", "198.51.100.0/24", "198.18.0.0/15"),
        "config: egress.2.prefix: 198.18.0.0/15 stands at egress.0 already; remove",
    ),
    (other("knowledge", 'bundle = "b.json"'), "config: knowledge.keys: is missing, and a bundle must be signed; write keys = "),
    (
        other("knowledge", 'keys = { ops = "AAAA" }'),
        "config: knowledge.keys.ops: is not an Ed25519 public key; write its 32 bytes in base64",
    ),
    (other("knowledge", 'keys = { ops = "not base64" }'), "config: knowledge.keys.ops: is not an Ed25519 public key"),
    (other("console", 'listen = "8300"'), "config: console.listen: '8300' is not address:port; write 127.0.0.1:8300"),
    (
        other("reflector", 'listen = "127.0.0.1:70000"'),
        "config: reflector.listen: '127.0.0.1:70000' is not address:port; write 127.0.0.1:8300",
    ),
    (other("collector", "sped = 9"), "config: collector.sped: there is no such setting; remove it, or look for a spelling mistake"),
    (other("colector", "enabled = true"), "config: colector: there is no such setting; remove it, or look for a spelling mistake"),
    ("state = 5\n" + GOOD, "config: state: is a section; write [state] and its settings below"),
    ("policy = 5\n" + GOOD, "config: policy: Input should be a valid dictionary"),
    (GOOD + "broken", "config: "),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[sentence[8:50] for _, sentence in WRONG])
def test_each_bad_value_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """Place, what is wrong, remedy; on one line."""
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(sentence)
    assert "\n" not in problem


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Four sections, four sentences: nobody mends one and meets the next."""
    text = '[broker]\nurl = "x"\n[history]\nkind = "csv"\n[state]\nurl = "x"\n[console]\nlisten = "x"\n'
    assert [one.split(":")[1].strip() for one in problems(tmp_path, text)] == ["broker.url", "history.kind", "state.url", "console.listen"]


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    """Not there, a folder, not text, not TOML."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "text").write_text("[broker")
    for name, words in (("none", "No such file"), ("", "Is a directory"), ("binary", "is not TOML"), ("text", "is not TOML")):
        with pytest.raises(BadConfiguration) as caught:
            load_settings(tmp_path / name)
        (problem,) = caught.value.problems
        assert problem.startswith("config: ")
        assert words in problem


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    """Defaults are safe: loopback, TLS to the broker, own data only, nobody's lab."""
    settings = load(tmp_path, GOOD)
    assert (settings.console.listen, settings.reflector.listen, settings.collector.accept_lab_agents) == ("127.0.0.1:8300", "", False)
    assert settings.collector.enabled
    assert settings.watcher.enabled
    tls = '[broker]\nurl = "mqtts://broker.example"\nca = "ca.pem"\ncertificate = "c.pem"\nkey = "k.pem"\n[history]\ntoken = "t"\n'
    assert load(tmp_path, tls).broker.ca == Path("ca.pem")
    assert load(tmp_path, GOOD.replace('token = "t"', 'kind = "embedded"')).history.path == Path("history.db")


def test_sites_and_ways_out(tmp_path: Path) -> None:
    """A place is enough for a site; what it does not say is UTC and real."""
    settings = load(tmp_path, site("latitude = 50.2\nlongitude = 8.6") + egress("203.0.113.0/24").removeprefix(GOOD))
    (found,) = settings.sites.values()
    assert (found.latitude, found.longitude, found.zone, found.simulated) == (50.2, 8.6, "UTC", False)
    assert [(one.prefix, one.name) for one in settings.egress] == [("203.0.113.0/24", "Backbone")]
    assert load(tmp_path, GOOD).watcher.refresh_s == 60
    assert load(tmp_path, site('latitude = 50\nlongitude = 8\nzone = "Europe/Berlin"')).sites["Bad Homburg"].zone == "Europe/Berlin"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets need not be in a file, and a container may change one setting; its mistakes are sentences too."""
    monkeypatch.setenv("MIDDLEWATCH_HISTORY__TOKEN", "secret")
    assert load(tmp_path, GOOD).history.token == "secret"
    assert load(tmp_path, GOOD.replace('token = "t"', "")).history.token == "secret"
    monkeypatch.setenv("MIDDLEWATCH_BROKER__URL", "nonsense")
    assert problems(tmp_path, GOOD) == ["config: broker.url: 'nonsense' is not an address; write mqtts://host:8883"]
    monkeypatch.delenv("MIDDLEWATCH_BROKER__URL")
    monkeypatch.setenv("MIDDLEWATCH_BROKER", "nonsense")
    (problem,) = problems(tmp_path, GOOD)
    assert problem.startswith("config: the environment: ")
    assert "secret" not in problem
