"""Holds judge/knowledge/loader.py: the shipped knowledge loads, is versioned, and every fault is told by file and row."""

import re
import shutil
from pathlib import Path

import pytest

from judge.knowledge.loader import DATA, KnowledgeError, load_knowledge
from tests.fakes.pki import Authority, name


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a copy of the shipped data that may be broken."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def change(path: Path, old: str, new: str) -> None:
    """Replace the first `old` in a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_shipped_knowledge() -> None:
    """What is shipped loads, with roots, and its version is a date and a hash."""
    knowledge = load_knowledge()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\+[0-9a-f]{8}", knowledge.version)
    assert len(knowledge.roots) > 100
    assert len(knowledge.products) > 30
    assert load_knowledge().version == knowledge.version


def test_version_follows_the_content(data: Path, tmp_path: Path) -> None:
    """A changed row and other roots each make another version."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(Authority(name(CN="Lab"), "loader").pem)
    before = {load_knowledge(data=data).version, load_knowledge(roots, data).version}
    change(data / "thresholds.toml", "weight = 0.65", "weight = 0.6")
    assert len(before | {load_knowledge(data=data).version}) == 3


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("products.toml", 'class = "swg"', 'class = "gateway"', "products.toml: [[product]] zscaler: class: "),
        ("products.toml", 'grade = "A"', "", "products.toml: [[product]] zscaler: grade: Field required"),
        ("products.toml", "'^Zscaler Inc", "'(^Zscaler Inc", "is not a regular expression"),
        ("products.toml", 'id = "netskope"', 'id = "zscaler"', "products.toml: zscaler is written twice; keep one"),
        ("products.toml", 'id = "zscaler"', "id = zscaler", "products.toml: not TOML: "),
        ("thresholds.toml", 'signal = "no_sct"', 'signal = "no_scts"', "thresholds.toml: [[weight]]: no_sct is missing"),
        ("guidance.toml", 'class = "unknown"', 'class = "vpn"', "guidance.toml: [[native]]: unknown is missing"),
        (
            "targets.toml",
            "endpoint_set = 31",
            "endpoint_set = 1",
            "microsoft.sharepoint.com: endpoint_set 1, but the endpoint list says set 31",
        ),
        ("targets.toml", 'host = "www.gstatic.com"', 'host = "www.office.com"', "a control must not be Microsoft's, but it is in set 147"),
        ("targets.toml", "control = true", "control = false", "www.gstatic.com: endpoint_set None, but the endpoint list says no set"),
        ("thresholds.toml", "inspected = 0.8", "inspected = 8", "thresholds.toml: [limits]: inspected: "),
        ("thresholds.toml", "engine = 0.4", "", "thresholds.toml: [product_weight]: engine is missing"),
        ("hosts.toml", 'is = "login"', 'is = "logon"', "hosts.toml: [[host]] login.microsoftonline.com: is: "),
        ("guidance.toml", "https://", "http://", "guidance.toml: [[link]] inspected: url: "),
        ("endpoints.json", '"category": "Optimize"', '"category": "Best"', "endpoints.json: set 1: ValueError: 'Best' is no category"),
        ("endpoints.json", "[", "{", "endpoints.json: not JSON"),
        (
            "authorities.csv",
            "root,DigiCert Global Root CA",
            "root,",
            "authorities.csv: line 2: subject_cn, grade and origin must be written",
        ),
        ("front_doors.csv", "AKL,Auckland,NZ,-36.849", "AKL,Auckland,NZ,-136.849", "front_doors.csv: line 2: latitude: "),
        ("front_doors.csv", "AKL,Auckland,NZ", "AKL,Auckland,New Zealand", "front_doors.csv: line 2: country: "),
        ("front_doors.csv", "AKL,Auckland", "akl31,Auckland", "front_doors.csv: line 2: code: "),
        ("front_doors.csv", "AMS,", "AKL,", "front_doors.csv: line 3: AKL is written twice; keep one"),
        ("front_doors.csv", "longitude,grade", "longitude,sureness", "front_doors.csv: line 2: grade: Field required"),
    ],
)
def test_faults(data: Path, file: str, old: str, new: str, told: str) -> None:
    """A fault in any file is told with file, row and what is wrong."""
    change(data / file, old, new)
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(data=data)
    assert told in str(caught.value)


def test_missing_files(data: Path, tmp_path: Path) -> None:
    """A missing file, an unreadable and an empty root bundle are told by name and remedy."""
    (data / "hosts.toml").unlink()
    with pytest.raises(KnowledgeError, match=r"hosts\.toml: No such file.*install it again"):
        load_knowledge(data=data)
    with pytest.raises(KnowledgeError, match=r"none\.pem: No such file.*name a readable PEM file"):
        load_knowledge(tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(KnowledgeError, match="holds no certificate"):
        load_knowledge(tmp_path / "empty.pem")


def test_every_row_and_file_has_an_origin() -> None:
    """Each data file is described in ORIGIN.md, and nothing described is missing."""
    described = set(re.findall(r"^\| `([^`]+)` \|", (DATA / "ORIGIN.md").read_text(), re.MULTILINE))
    assert described | {"ORIGIN.md", "manifest.toml"} == {path.name for path in DATA.iterdir()}
