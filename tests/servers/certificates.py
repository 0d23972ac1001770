"""Throw-away certificates for mutual TLS on loopback: one authority, the broker, agents, collectors."""

from dataclasses import dataclass
from pathlib import Path

import trustme

COLLECTOR = "mw.collector"
"""The collectors' common name in deploy/mosquitto/acl."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a program is: PEM files of its certificate (chain) and key."""

    name: str
    certificate: Path
    key: Path


class Certificates:
    """One certificate authority in a folder; `ca` is its certificate as a PEM file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = trustme.CA()
        self._issued: dict[str, Identity] = {}
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(self.ca)

    def identity(self, name: str) -> Identity:
        """Return the identity with this common name (`agent-01`, COLLECTOR), made at first use."""
        return self._issue(name, name)

    def broker(self) -> Identity:
        """Return the identity of a server reached as 127.0.0.1 or localhost."""
        return self._issue("broker", "127.0.0.1", "localhost")

    def _issue(self, name: str, *hosts: str) -> Identity:
        if name not in self._issued:
            made = self._authority.issue_cert(*hosts, common_name=name)
            identity = Identity(name, self._folder / f"{name}.pem", self._folder / f"{name}.key")
            for index, blob in enumerate(made.cert_chain_pems):
                blob.write_to_path(identity.certificate, append=index > 0)
            made.private_key_pem.write_to_path(identity.key)
            self._issued[name] = identity
        return self._issued[name]
