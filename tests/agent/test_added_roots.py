"""Roots that somebody added to this machine's store."""

import certifi

from agent.added_roots import MAX_ADDED, MAX_SUBJECT, added_roots, former, windows_store
from judge.certificate import read_certificate
from judge.chain import pem_to_der
from tests.fakes.pki import Authority, name

PUBLIC = Authority(name(CN="Public Root"), "added public")
DEVICE = Authority(name(CN="Contoso Inspection", O="Contoso"), "added device")


def der(one: Authority) -> bytes:
    """Return an authority's own certificate."""
    return pem_to_der(one.pem)[0]


def test_only_what_no_public_set_has() -> None:
    """A root of the customer's own is told with name, key and date; a public one is not; the count is of keys."""
    told = added_roots([der(PUBLIC), der(DEVICE), der(DEVICE), b"rubbish"], [der(PUBLIC)])
    key = read_certificate(der(DEVICE)).spki_sha256
    assert told == {"roots": 2, "added": [{"subject": "CN=Contoso Inspection, O=Contoso", "key": key, "since": "2026-01-01"}]}


def test_former_public_roots_are_nobodys() -> None:
    """What a distribution keeps after public programs dropped it is not somebody's addition; none of today's is in that list."""
    assert len(former()) > 150
    assert all(len(key) == 64 for key in former())
    today = pem_to_der(open(certifi.where(), "rb").read())  # noqa: SIM115, PTH123 - one read
    assert added_roots(today, [])["roots"] == len({read_certificate(one).spki_sha256 for one in today})


def test_bounds() -> None:
    """A store of hundreds of strange roots with giant names stays within the wire's caps."""
    many = [der(Authority(name(CN="x" * 60, O="y" * 60, OU=str(number)), f"many {number}")) for number in range(MAX_ADDED + 6)]
    told = added_roots(many, [])
    rows = told["added"]
    assert isinstance(rows, list)
    assert (told["roots"], len(rows)) == (MAX_ADDED + 6, MAX_ADDED)
    assert max(len(row["subject"]) for row in rows) <= MAX_SUBJECT


def test_windows_alone_has_that_store() -> None:
    """Elsewhere it is empty."""
    assert not windows_store()
