"""Where a box stands: one machine of a row, with what boxes need of it. Redirections and files; no program is known here."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.authority import Authority, name
from tests.lab.minting import Mint
from tests.lab.nodes import Nodes

CONTOSO = {"O": "Contoso", "CN": "Contoso Web Gateway CA"}


@dataclass
class Place:
    """The middlebox of one scenario. `trusted` collects what the client's system is to trust, when its row says that it does."""

    nodes: Nodes
    mint: Mint
    public_roots: Path
    resolver: str
    programs: Mapping[str, str]
    machine: str = "m"
    trusted: list[bytes] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """Return the name of the machine's network namespace."""
        return self.nodes.name(self.machine)

    @property
    def folder(self) -> Path:
        """Return the row's folder."""
        return self.nodes.folder

    def fresh_folder(self, name: str) -> Path:
        """Return an empty folder of the row."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o755)
        return folder

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return a command line that runs one of the laboratory's programs here."""
        return self.nodes.command(self.machine, "setpriv", "--pdeathsig", "KILL", self.programs.get(program, program), *arguments)

    def naming(self, program: str, *arguments: str) -> list[str]:
        """Return a command line as `command`, of a program that looks names up: at the provider's resolver."""
        file = self.folder / "resolv.conf"
        file.write_text(f"nameserver {self.resolver}\n")
        bind = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
        return self.command("unshare", "--mount", "sh", "-ec", bind, "sh", str(file), self.programs.get(program, program), *arguments)

    def device(self, options: Mapping[str, Any]) -> Authority:
        """Return the authority a box signs with (`ca`: its name, `under`: its root's); its top becomes a root of the client."""
        above = dict(options["under"]) if "under" in options else None
        made = self.mint.device(
            dict(options.get("ca", CONTOSO)), above=above, rsa=options.get("rsa_ca", True), generation=options.get("generation", 1)
        )
        self.trusted.append(made.upwards(9)[-1].pem)
        return made

    def public_device(self, options: Mapping[str, Any]) -> Authority:
        """Return an authority below the laboratory's public root: a device, or a service, with certificates everybody accepts."""
        subject = name(**dict(options["ca"]))
        label = "public " + hashlib.sha256(subject.public_bytes()).hexdigest()[:12]
        return self.mint.shelf.authority(label, subject, self.mint.public.root, rsa_key=True)

    def authority(self, options: Mapping[str, Any]) -> Path:
        """Return the file of key and chain of `device`."""
        return self.mint.key_file(self.device(options))

    def redirect(self, ports: Mapping[int, int], *, only: Sequence[str] = (), exempt: Sequence[str] = (), kind: str = "tcp") -> None:
        """Lead connections that pass through to ports of this machine: those to `only`, or all but those to `exempt`."""
        which = f"ip daddr {{ {', '.join(only)} }} " if only else f"ip daddr != {{ {', '.join(exempt)} }} " if exempt else ""
        rules = "; ".join(f"iif in0 {which}{kind} dport {source} redirect to :{to}" for source, to in ports.items())
        table = f"redirect_{kind}_{min(ports)}"
        self.nodes.nft(self.machine, f"table ip {table} {{ chain before {{ type nat hook prerouting priority -100; {rules}; }}; }}")
