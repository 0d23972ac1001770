"""The files of this repository as the architecture tests see them: sources, tests, imports, functions. Reads files, judges nothing."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
ROOMS = ("wire", "judge", "agent", "server", "demo", "dashboards")


class Import(NamedTuple):
    """One imported module, fully named: `from a import b` counts as `a.b`, for b may be a module."""

    module: str
    line: int


class Function(NamedTuple):
    """One function and how many lines it has from `def` to its end, docstring included."""

    name: str
    lines: int


def sources(*rooms: str) -> list[Path]:
    """Return the source files of these rooms (all by default), relative to the root."""
    return [path.relative_to(ROOT) for room in rooms or ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def under_tests() -> list[Path]:
    """Return every Python file under tests/, relative to the root."""
    return [path.relative_to(ROOT) for path in sorted((ROOT / "tests").rglob("*.py"))]


@lru_cache(maxsize=1000)
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse((ROOT / path).read_text(), str(path))


def imports(path: Path) -> Iterator[Import]:
    """Give each import of a file, wherever in the file it stands; those for type checkers only count too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (Import(f"{module}.{alias.name}", node.lineno) for alias in node.names)


def functions(path: Path) -> Iterator[Function]:
    """Give each function of a file, nested ones too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(f"{path}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)


def within(path: Path, *places: str) -> bool:
    """Return whether a file is one of these files or lies in one of these folders (named with a final slash)."""
    return any(str(path) == place or (place.endswith("/") and str(path).startswith(place)) for place in places)


def belongs(module: str, *packages: str) -> bool:
    """Return whether a module is one of these or inside one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)
