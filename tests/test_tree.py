"""The shape of the tree: tests mirror sources, files and functions stay small, names say something, dependencies have reasons."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.tree import ROOMS, ROOT, functions, parsed, sources, under_tests

UNTESTED = {
    "server/state/tables.py": "a schema only; tests/server/state/test_migrate.py holds the migrations to it",
    "server/state/sites_tables.py": "a schema only; tests/server/state/test_migrate.py holds the migrations to it",
    "server/state/rollups_tables.py": "a schema only; tests/server/state/test_migrate.py holds the migrations to it",
    "server/state/standing_tables.py": "a schema only; tests/server/state/test_migrate.py holds the migrations to it",
    "server/state/cases_tables.py": "a schema only; tests/server/state/test_migrate.py holds the migrations to it",
    "server/notify/channel.py": "types only",
    "server/notify/duties.py": "wiring only; tests/server/test_run.py starts what it makes",
    "server/state/notices_tables.py": "a schema only; tests/server/state/test_migrate.py holds the migration to it",
    "server/state/devices_tables.py": "a schema only; tests/server/state/test_migrate.py holds the migrations to it",
    "server/state/schema.py": "imports only; tests/server/state/test_migrate.py compares what it gathers with the migrations",
    "server/means.py": "types only",
    "server/console/api/routes.py": "data only; tests/server/console/api/test_openapi.py walks all of it",
    "server/duties.py": "wiring only; tests/server/test_run.py starts what it makes",
    "server/state/migrations/env.py": "run by every migration of tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0001_first.py": "compared with tables.py by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0002_agents_now.py": "held by tests/server/state/test_migrate.py, with rows of the revision before",
    "server/state/migrations/versions/r0003_sites.py": "compared with the tables by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0004_devices.py": "compared with the tables by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0005_standing.py": "compared with the tables by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0006_rollups.py": "compared with the tables by tests/server/state/test_migrate.py",
    "server/state/feed_tables.py": "a schema only; compared with the migrations by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0007_feed.py": "compared with the tables by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0008_notices.py": "compared with the tables by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0009_cases.py": "compared with the tables by tests/server/state/test_migrate.py",
    "server/state/migrations/versions/r0010_rounds.py": "held by tests/server/state/test_migrate.py, with rows of the revision before",
    "server/state/migrations/versions/r0011_narrow_runs.py": "held by tests/server/state/test_migrate.py, with rows of the revision before",
    "server/ingest/port.py": "types only",
    "server/watcher/site_more.py": "types only; tests/server/watcher/test_site_words.py fills them",
    "agent/platform/port.py": "types only; tests/agent/platform holds the three that implement them",
    "dashboards/scope.py": "data only; tests/dashboards/test_site.py and test_queries.py put its conditions to work",
    "dashboards/host.py": "panels of Site; tests/dashboards/test_site.py",
    "dashboards/interference.py": "panels of Site; tests/dashboards/test_site.py",
    "dashboards/path.py": "panels of Site; tests/dashboards/test_site.py",
    "dashboards/protocols.py": "panels of Site; tests/dashboards/test_site.py",
    "dashboards/standing.py": "panels of Fleet and Site; tests/dashboards/test_fleet.py and test_site.py",
    "dashboards/rollups.py": "panels of Fleet and Site; tests/dashboards/test_site.py and test_queries.py",
    "dashboards/times.py": "panels of Site; tests/dashboards/test_site.py",
    "server/history/port.py": "types only; tests/contracts/history.py is the suite of what implements them",
}
"""Source file without a test file of its own, and why."""

ON_THEIR_OWN = {
    "tests/test_readme.py": "the README against the programs it names",
    "tests/test_notifications_guide.py": "docs/notifications.md against the programs it configures",
    "tests/test_api_guide.py": "docs/api.md against the endpoints it shows",
    "tests/test_sites_guide.py": "docs/sites.md against the programs it configures",
    "tests/test_reflector_guide.py": "docs/reflector.md against the programs it configures",
    "tests/server/watcher/test_device_machine.py": "stories of devices, through all of the watcher",
    "tests/test_architecture.py": "the walls between all rooms",
    "tests/test_tree.py": "the shape of the whole tree",
    "tests/judge/test_cases.py": "walks tests/cases, the recorded situations",
    "tests/wire/test_privacy.py": "docs/privacy.md against the wire schema of all files together",
    "tests/agent/network/test_hostile.py": "peers that mean harm, against the whole exchange",
    "tests/wire/test_schema.py": "the wire schema of all files together, against golden.json",
    "tests/dashboards/test_queries.py": "every query of dashboards and rules against what is stored, and against a real InfluxDB",
    "tests/dashboards/test_grafana.py": "the provisioned whole in a real Grafana",
    "tests/dashboards/test_compose.py": "deploy/ read against the programs and folders it names",
    "tests/servers/test_influx.py": "the fixture itself",
    "tests/servers/test_mosquitto.py": "the fixture itself, and deploy/mosquitto",
    "tests/servers/test_postgres.py": "the fixture itself",
    "tests/servers/test_scripts.py": "scripts/servers and scripts/test",
}
"""Test file that belongs to no single source file, and why."""

ELSEWHERE = (
    "tests/integration/",
    "tests/faults/",
    "tests/lab/",
    "tests/cases/",
    "tests/contracts/",
    "tests/fakes/",
    "tests/servers/",
    "tests/benchmarks/",
)
"""Folders whose tests hold several rooms together; `test_*.py` in them mirrors nothing."""

FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "manager", "managers", "stuff", "tools", "lib"}
MAX_FILE, MEDIAN_FILE, MAX_FUNCTION, MOST_FUNCTIONS = 400, 150, 60, 40
"""Lines (style rule 11). Nine functions in ten have at most MOST_FUNCTIONS."""
OPEN_ENDS = re.compile(r"\b(TODO|FIXME|XXX)\b")
REGISTRY_HOSTS = re.compile(r"pypi\.org|pythonhosted|proxy\.golang|registry\.npm|crates\.io|deb\.debian|index-url", re.IGNORECASE)


def mirror(source: Path) -> Path:
    """Return where the tests of a source file are."""
    return Path("tests") / source.parent / f"test_{source.name}"


def has_code(path: Path) -> bool:
    """Return whether a file holds more than its docstring."""
    return len(parsed(path).body) > 1


def committed() -> list[Path]:
    """Return the text files git knows or would add."""
    told = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True, capture_output=True, text=True, cwd=ROOT)
    paths = [ROOT / line for line in told.stdout.splitlines()]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:1000]]


def test_every_source_has_its_test() -> None:
    """Each source file has its test file at the mirrored place, or is listed with a reason."""
    wanted = [path for path in sources() if path.name != "__init__.py" or has_code(path)]
    orphans = [str(path) for path in wanted if str(path) not in UNTESTED and not (ROOT / _place(path)).exists()]
    assert not orphans


def _place(source: Path) -> Path:
    """Return a source file's test; that of a package's `__init__.py` is named after the package."""
    return mirror(source) if source.name != "__init__.py" else Path("tests") / source.parent / f"test_{source.parent.name}.py"


def test_every_test_has_its_source() -> None:
    """Each test file mirrors a source file, or is listed with a reason."""
    places = {_place(path) for path in sources()}
    found = [path for path in under_tests() if path.name.startswith("test_") and not str(path).startswith(ELSEWHERE)]
    assert not [str(path) for path in found if path not in places and str(path) not in ON_THEIR_OWN]


def test_exceptions_are_needed() -> None:
    """An exception that is no longer one fails."""
    for source in UNTESTED:
        assert (ROOT / source).exists(), f"{source} is gone: take it off the list"
        assert not (ROOT / mirror(Path(source))).exists(), f"{source} has a test now: take it off the list"
    for test in ON_THEIR_OWN:
        assert (ROOT / test).exists(), f"{test} is gone: take it off the list"


def test_no_packages_under_under_tests() -> None:
    """No `__init__.py` under tests: pytest runs in importlib mode, and tests/agent must not shadow agent."""
    assert not [str(path) for path in under_tests() if path.name == "__init__.py"]


def test_file_sizes() -> None:
    """No source or test file is above 400 lines, and half of the sources are within 150."""
    sizes = {str(path): len((ROOT / path).read_text().splitlines()) for path in [*sources(), *under_tests()]}
    assert not {path: lines for path, lines in sizes.items() if lines > MAX_FILE}
    assert median([sizes[str(path)] for path in sources() if has_code(path)]) <= MEDIAN_FILE


def test_function_sizes() -> None:
    """No function is above 60 lines, and nine in ten are within 40."""
    found = [function for path in [*sources(), *under_tests()] for function in functions(path)]
    assert not [function for function in found if function.lines > MAX_FUNCTION]
    assert quantiles([function.lines for function in found], n=10)[-1] <= MOST_FUNCTIONS


def test_names_say_something() -> None:
    """No file and no folder is named after nothing."""
    everything = [*sources(), *under_tests(), *(Path("benchmarks") / path.name for path in (ROOT / "benchmarks").glob("*.py"))]
    assert not [str(path) for path in everything if FORBIDDEN & {*path.parent.parts, path.stem, path.stem.removeprefix("test_")}]


def test_files_open_with_their_rule() -> None:
    """Every Python file opens with a docstring, every test has one sentence that says what it holds."""
    missing = [str(path) for path in [*sources(), *under_tests()] if not ast.get_docstring(parsed(path))]
    missing += [
        f"{path}:{node.lineno} {node.name}"
        for path in under_tests()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert not missing


def test_dependencies_have_reasons() -> None:
    """Each dependency in pyproject.toml stands on a line of its own that ends in its reason."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for requirement in [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]:
        found = [line for line in lines if f'"{requirement}"' in line]
        assert found, requirement
        for line in found:
            assert re.search(r'", # .{5,}', line), f"no reason: {line.strip()}"


def test_packages_are_the_rooms() -> None:
    """What is installed is exactly the rooms."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(ROOMS)


@pytest.mark.parametrize(
    ("what", "pattern"), [("an open end", OPEN_ENDS), ("a package registry's host", REGISTRY_HOSTS)], ids=["open ends", "registries"]
)
def test_no_text_holds(what: str, pattern: re.Pattern[str]) -> None:
    """No file names a package registry's host, and none leaves an open end: it is an issue or it is done."""
    here = Path(__file__)
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {what}"
        for path in committed()
        if path != here
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not wrong
