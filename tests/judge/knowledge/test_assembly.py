"""Holds judge/knowledge/assembly.py: every fault in a data file is told by file and row, and nothing is taken in part."""

import pytest

from judge.knowledge.assembly import ENDPOINT_FILES, assemble
from judge.knowledge.files import KnowledgeError
from judge.knowledge.loader import DATA
from judge.knowledge.model import Knowledge
from tests.fakes.pki import Authority, name

ROOTS = Authority(name(CN="Lab"), "assembly").pem


def changed(file: str, old: str, new: str) -> Knowledge:
    """Return the shipped knowledge with the first `old` of one file replaced."""

    def read(one: str) -> bytes:
        data = (DATA / one).read_bytes()
        assert one != file or old.encode() in data
        return data.replace(old.encode(), new.encode(), 1) if one == file else data

    return assemble(read, ROOTS)


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
        (
            "targets.toml",
            'tenant = "needed"',
            'tenant = "unless"',
            "targets.toml: [[target]] {tenant}.sharepoint.com: {tenant} in the host and",
        ),
        (
            "targets.toml",
            "port = 3478",
            "port = 3477",
            "worldaz.tr.teams.microsoft.com: endpoint_set 11, but the endpoint list says no set",
        ),
        (
            "targets.toml",
            'host = "captive.apple.com"',
            'host = "www.office365.us"',
            "a control must not be Microsoft's, but it is in set 16",
        ),
        ("headers.toml", 'product = "squid"', 'product = "squidd"', "headers.toml: squid-via: product 'squidd' is not in products.toml"),
        ("headers.toml", 'id = "squid-lookup"', 'id = "squid-via"', "headers.toml: squid-via is written twice; keep one"),
        ("headers.toml", 'header = "via"', 'header = "Via"', "headers.toml: [[header]] squid-via: header: "),
        ("pages.toml", "pattern = 'Internet", "pattern = '(Internet", "is not a regular expression"),
        ("selfid.toml", "enabled = false", "enabled = true", "selfid.toml: [[probe]] umbrella-policy: grade D is recalled, not seen"),
        ("proxies.toml", 'where = "pac"', 'where = "wpad"', "proxies.toml: [[name]] zscaler-pac: where: "),
        ("local.toml", 'kind = "process"', 'kind = "program"', "local.toml: [[mark]] zscaler-process: kind: "),
        ("networks.toml", 'kind = "security"', 'kind = "secure"', "networks.toml: [[network]] zscaler: kind: "),
        ("prefixes.csv", "6.6.0.0/16", "6.6.0.1/16", "prefixes.csv: line 2: ValueError: 6.6.0.1/16 has host bits set"),
        ("prefixes.csv", ",entra-gsa", ",entra-gs", "prefixes.csv: line 2: network 'entra-gs' is not in networks.toml; add it there"),
        ("prefixes.csv", ",entra-gsa", ",", "prefixes.csv: line 2: prefix and network must be written"),
        ("thresholds.toml", "header = 0.85", "", "thresholds.toml: [vendor_weight]: header is missing"),
        ("thresholds.toml", "header = 0.85", 'header = "much"', "thresholds.toml: [vendor_weight]: every value is a number"),
        ("endpoints-china.json", '"Exchange"', '"Mail"', "endpoints-china.json: set 1: KeyError"),
    ],
)
def test_faults(file: str, old: str, new: str, told: str) -> None:
    """A fault in any file is told with file, row and what is wrong."""
    with pytest.raises(KnowledgeError) as caught:
        changed(file, old, new)
    assert told in str(caught.value)


def test_all_instances() -> None:
    """The four instances are there, each with its own sets, and Worldwide is the one meant without a word."""
    knowledge = changed("manifest.toml", "as_of", "as_of")
    assert {name: len(one.sets) for name, one in knowledge.instances.items()} == {
        "Worldwide": 78,
        "China": 22,
        "USGovGCCHigh": 26,
        "USGovDoD": 25,
    }
    assert knowledge.endpoints is knowledge.instances["Worldwide"]
    assert set(ENDPOINT_FILES) == set(knowledge.instances)
