"""Who announces an address, by the operator's own table."""

from pathlib import Path

import pytest

from server.config import BadConfiguration
from server.console.origins import Origin, load_origins


def test_the_longest_prefix_speaks(tmp_path: Path) -> None:
    """Of nested prefixes the narrowest, in both versions of IP; names may hold commas; comments and blank lines are passed over."""
    file = tmp_path / "networks.csv"
    file.write_text("# prefix,number,name\n\n203.0.0.0/8,64496,Outer, Inc.\n203.0.113.0/24,AS64497,Inner\n2001:db8::/32,64498\n")
    origins = load_origins(file)
    assert origins.find("203.0.113.9") == Origin(64497, "Inner")
    assert origins.find("203.1.2.3") == Origin(64496, "Outer, Inc.")
    assert origins.find("2001:db8::1") == Origin(64498)
    assert origins.find("198.51.100.1") is None
    assert origins.find("nonsense") is None


@pytest.mark.parametrize("line", ["203.0.113.0/24", "203.0.113.0/24,many", "203.0.113.1/24,64496", "nonsense,1"])
def test_a_bad_line(tmp_path: Path, line: str) -> None:
    """A line that is none is named with its number and an example."""
    file = tmp_path / "networks.csv"
    file.write_text(f"198.51.100.0/24,64500\n{line}\n")
    with pytest.raises(BadConfiguration, match=r"reflector\.networks: .*, line 2: is not prefix,number; write for example"):
        load_origins(file)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is a sentence."""
    with pytest.raises(BadConfiguration, match=r"reflector\.networks: .* cannot be read \(No such file or directory\)"):
        load_origins(tmp_path / "none.csv")
