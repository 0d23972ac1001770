"""From configuration to a broker that can be dialled: every unreadable file is a sentence."""

from pathlib import Path

import pytest

from server.config import BadConfiguration, Broker
from server.ingest.secure import broker_settings
from tests.servers.certificates import COLLECTOR, Certificates


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Give good files of a broker over TLS."""
    certificates = Certificates(tmp_path)
    who = certificates.identity(COLLECTOR)
    return {"ca": certificates.ca, "certificate": who.certificate, "key": who.key}


def broker(files: dict[str, Path], url: str = "mqtts://broker.example") -> Broker:
    """Return a configured broker over TLS."""
    return Broker(url=url, ca=files["ca"], certificate=files["certificate"], key=files["key"])


def problems(files: dict[str, Path]) -> list[str]:
    """Return what is wrong with the files."""
    with pytest.raises(BadConfiguration) as caught:
        broker_settings(broker(files))
    return caught.value.problems


def test_good_files_make_a_context(files: dict[str, Path]) -> None:
    """Verified, TLS 1.2 or newer; the port is MQTT's own unless the address has one."""
    settings = broker_settings(broker(files))
    assert settings.tls is not None
    assert settings.tls.check_hostname
    assert (settings.host, settings.port) == ("broker.example", 8883)
    assert broker_settings(broker(files, "mqtts://[::1]:1234")).port == 1234
    plain = broker_settings(Broker(url="mqtt://127.0.0.1"))
    assert (plain.host, plain.port, plain.tls) == ("127.0.0.1", 1883, None)
    assert broker_settings(Broker(url="mqtt://127.0.0.1:0")).port == 0


def test_every_missing_file_is_told_at_once(files: dict[str, Path]) -> None:
    """Setting, path, reason, remedy; a folder is no file."""
    missing = {"ca": files["ca"].parent, "certificate": files["ca"].parent / "none.pem", "key": files["ca"].parent / "none.key"}
    reasons = {"ca": "Is a directory", "certificate": "No such file or directory", "key": "No such file or directory"}
    remedy = "check the path and its permissions"
    assert problems(missing) == [
        f"config: broker.{name}: {missing[name]} cannot be read ({why}); {remedy}" for name, why in reasons.items()
    ]


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff\xfe\x00"])
@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
def test_a_file_that_is_something_else(files: dict[str, Path], name: str, rubbish: bytes) -> None:
    """Empty, text, a broken certificate, bytes: one sentence that names the file."""
    files[name].write_bytes(rubbish)
    (problem,) = problems(files)
    assert problem.startswith("config: broker.ca: " if name == "ca" else "config: broker.certificate: ")
    assert str(files["ca" if name == "ca" else "certificate"]) in problem


def test_a_key_of_another_certificate(files: dict[str, Path], tmp_path: Path) -> None:
    """The pair must match."""
    (tmp_path / "other").mkdir()
    other = Certificates(tmp_path / "other").identity(COLLECTOR)
    (problem,) = problems(files | {"key": other.key})
    assert problem.endswith("broker.key are not a PEM certificate and its key without a password")


def test_a_key_with_a_password_asks_nobody(files: dict[str, Path]) -> None:
    """A server has no terminal: an encrypted key is a sentence, not a prompt."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - only here
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    key = load_pem_private_key(files["key"].read_bytes(), None)
    files["key"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")))
    (problem,) = problems(files)
    assert problem.endswith("without a password")


def test_the_embedded_broker_dictates_its_own_terms() -> None:
    """MQTT 3.1.1, no shared subscription, acknowledged on arrival: amqtt waits five seconds for an acknowledgement and no longer."""
    settings = broker_settings(Broker(url="mqtt://127.0.0.1:1883", embedded=True, version="5", share="collectors", acknowledge="stored"))
    assert (settings.version, settings.share, settings.acknowledge) == ("3.1.1", "", "arrival")
    other = broker_settings(Broker(url="mqtt://127.0.0.1:1883", share="collectors", username="u", password="p", client_id="c"))
    assert (other.version, other.share, other.acknowledge) == ("5", "collectors", "stored")
    assert (other.username, other.password, other.client_id) == ("u", "p", "c")
