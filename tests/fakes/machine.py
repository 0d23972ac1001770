"""A machine with recorded files and programs' outputs, in the place of `agent.platform.machine.ThisMachine`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "agent" / "platform" / "recorded"


def recorded(name: str) -> str:
    """Return one recording without the line that says where it is from."""
    text = (RECORDED / name).read_bytes().decode()
    first, _, rest = text.partition("\n")
    assert first.startswith("; ")
    return rest


@dataclass
class FakeMachine:
    """`files` by path, `programs` by their command line from the second word on. What is not there is empty, as failures really are."""

    files: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    told: list[tuple[str, ...]] = field(default_factory=list)

    def read(self, path: str) -> str:
        """Return a file's text."""
        return self.files.get(path, "")

    def names(self, path: str) -> tuple[str, ...]:
        """Return the first names below a folder that has files."""
        below = [file.removeprefix(f"{path}/").partition("/")[0] for file in self.files if file.startswith(f"{path}/")]
        return tuple(dict.fromkeys(below))

    async def tell(self, *command: str) -> str:
        """Return a program's output, and keep what was run."""
        self.told.append(command)
        return self.programs.get(" ".join(command[1:]), "")
