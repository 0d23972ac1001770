"""From the configured broker to one that can be dialled: its address taken apart, its TLS files read. Every problem is a sentence."""

import ssl
from urllib.parse import urlsplit

from server.config import BadConfiguration, Broker
from server.ingest.mqtt import BrokerSettings


def broker_settings(broker: Broker) -> BrokerSettings:
    """Return the broker's settings with its TLS context loaded. Raises BadConfiguration for unreadable files."""
    parts = urlsplit(broker.url)
    tls = _tls(broker) if parts.scheme == "mqtts" else None
    return BrokerSettings(
        parts.hostname or "",
        parts.port if parts.port is not None else (8883 if tls else 1883),
        version="3.1.1" if broker.embedded else broker.version,
        client_id=broker.client_id,
        share="" if broker.embedded else broker.share,
        acknowledge="arrival" if broker.embedded else broker.acknowledge,  # amqtt waits 5 s for an acknowledgement, then gives up
        tls=tls,
        username=broker.username,
        password=broker.password,
    )


def _tls(broker: Broker) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    problems = []
    for name, path in (("ca", broker.ca), ("certificate", broker.certificate), ("key", broker.key)):
        try:
            if path is not None:
                path.read_bytes()
        except OSError as error:
            problems.append(f"config: broker.{name}: {path} cannot be read ({error.strerror}); check the path and its permissions")
    if problems:
        raise BadConfiguration(problems)
    try:
        context.load_verify_locations(broker.ca)
    except ssl.SSLError:
        raise BadConfiguration([f"config: broker.ca: {broker.ca} holds no PEM certificate; give the CA that signed the broker's"]) from None
    try:
        context.load_cert_chain(str(broker.certificate), broker.key, password="-")  # noqa: S106 - none, or OpenSSL asks the terminal
    except (ssl.SSLError, OSError):
        sentence = (
            f"config: broker.certificate: {broker.certificate} and broker.key are not a PEM certificate and its key without a password"
        )
        raise BadConfiguration([sentence]) from None
    return context
