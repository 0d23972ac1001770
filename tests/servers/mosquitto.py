"""A real mosquitto with the shipped configuration and access list; only addresses, paths and the user differ."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.servers import broker_configuration
from tests.servers.certificates import Certificates
from tests.servers.process import Server

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto"


class Mosquitto(Server):
    """`mqtts://127.0.0.1:<port>`, mutual TLS by `certificates`. `changes` overrides lines of the configuration."""

    def __init__(self, program: str, changes: Mapping[str, str] | None = None) -> None:
        super().__init__("mosquitto")
        self._program = program
        self._changes = dict(changes or {})
        self.certificates = Certificates(self.folder / "certificates")
        self.store = self.folder / "store"
        self.store.mkdir()

    @property
    def url(self) -> str:
        """Return the address as an agent's configuration writes it."""
        return f"mqtts://127.0.0.1:{self.port}"

    def arguments(self) -> Sequence[str]:
        """Return the command line, after writing the configuration."""
        broker = self.certificates.broker()
        changes = {
            "listener": f"{self.port} 127.0.0.1",
            "cafile": str(self.certificates.ca),
            "certfile": str(broker.certificate),
            "keyfile": str(broker.key),
            "acl_file": str(SHIPPED / "acl"),
            "persistence_location": f"{self.store}/",
            "user": "root",  # or it could not read files in a folder of root's
        } | self._changes
        (self.folder / "mosquitto.conf").write_text(broker_configuration(SHIPPED, changes))
        return [self._program, "-c", str(self.folder / "mosquitto.conf")]

    def forget(self) -> None:
        """Start again with nothing: no sessions, no queues, no retained messages."""
        self.stop()
        shutil.rmtree(self.store)
        self.store.mkdir()
        self.start()
