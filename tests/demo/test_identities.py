"""Certificates of the demo's own mutual TLS: each verifies against its authority for what it is meant for."""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from demo.identities import Identities


def test_identities(tmp_path: Path) -> None:
    """A server's certificate verifies for its address, a client's as a client with its name; keys are their owner's to read."""
    identities = Identities(tmp_path)
    store = Store(x509.load_pem_x509_certificates(identities.ca.read_bytes()))
    broker, agent = identities.issue("broker", "127.0.0.1"), identities.issue("porto-01")
    policy = PolicyBuilder().store(store).time(datetime.now(UTC))
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    assert policy.build_server_verifier(address).verify(x509.load_pem_x509_certificate(broker.certificate.read_bytes()), [])
    assert policy.build_client_verifier().verify(x509.load_pem_x509_certificate(agent.certificate.read_bytes()), [])
    assert agent.key.stat().st_mode & 0o077 == 0
