"""Holds judge/knowledge/bundle.py: a bundle is whole, signed by a trusted key and newer, or it is refused with file and remedy."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from judge.knowledge.assembly import FILES
from judge.knowledge.bundle import MAX_BYTES, Opened, check_not_older, edition_of, manifest_of, open_bundle, pack
from judge.knowledge.files import KnowledgeError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEYS = {"ops": KEY.public_key().public_bytes_raw()}
DATES = b'as_of = "2026-12-01"\nedition = 2026120101\n'


def bundle(key: Ed25519PrivateKey = KEY, key_id: str = "ops", **more: bytes) -> bytes:
    """Return a bundle with its dates and `more` files."""
    files = {"manifest.toml": DATES, **{name.replace("_", "."): data for name, data in more.items()}}
    manifest = manifest_of(files, FILES)
    return pack(files, manifest, key_id, key.sign(manifest.encode()))


def changed(**parts: Any) -> bytes:
    """Return a bundle with some parts of its envelope replaced."""
    return json.dumps(json.loads(bundle(hosts_toml=b"x = 1\n")) | parts).encode()


def resigned(manifest: dict[str, Any], files: dict[str, str]) -> bytes:
    """Return a bundle of any manifest and files, rightly signed: what only its maker could get wrong."""
    text = json.dumps(manifest)
    return pack({name: value.encode() for name, value in files.items()}, text, "ops", KEY.sign(text.encode()))


def test_a_bundle_comes_back_as_it_was() -> None:
    """What was packed is opened: edition, date, key and every byte."""
    opened = open_bundle(bundle(hosts_toml="é = 1\n".encode()), KEYS, FILES)
    assert (opened.edition, opened.as_of, opened.key_id) == (2026120101, "2026-12-01", "ops")
    assert opened.files == {"manifest.toml": DATES, "hosts.toml": "é = 1\n".encode()}
    assert edition_of(DATES) == 2026120101


def test_signatures() -> None:
    """A key nobody trusts here, another key under a trusted name, a changed signature, and none at all are refused."""
    for data, told in (
        (bundle(key_id="me"), "signed with key 'me', which is not trusted here (trusted: ops)"),
        (bundle(OTHER), "the signature is not right for key 'ops'"),
        (changed(signature="AAAA"), "the signature is not right for key 'ops'"),
        (changed(signature="no base64!"), "the signature is not right for key 'ops'"),
        (changed(manifest=json.loads(bundle())["manifest"]), "the signature is not right for key 'ops'"),  # another bundle's
        (
            json.dumps({key: value for key, value in json.loads(bundle()).items() if key != "signature"}).encode(),
            "signature: Field required",
        ),
    ):
        with pytest.raises(KnowledgeError) as caught:
            open_bundle(data, KEYS, FILES)
        assert told in str(caught.value)
    with pytest.raises(KnowledgeError, match=r"\(trusted: none\)"):
        open_bundle(bundle(), {}, FILES)


def test_files_are_those_of_the_manifest() -> None:
    """A changed file, one more and one less are each told by name: the signature covers every byte."""
    files = json.loads(bundle(hosts_toml=b"x = 1\n"))["files"]
    for other, told in (
        (files | {"hosts.toml": "x = 2\n"}, "hosts.toml: its digest is not the manifest's"),
        (files | {"pages.toml": ""}, "pages.toml: is not in the manifest, so it is not signed"),
        ({"manifest.toml": files["manifest.toml"]}, "hosts.toml: is in the manifest, but not in the bundle"),
    ):
        with pytest.raises(KnowledgeError) as caught:
            open_bundle(changed(files=other), KEYS, FILES)
        assert told in str(caught.value)


def test_what_its_maker_got_wrong() -> None:
    """A rightly signed bundle without dates, with other dates, or with a file nobody reads is refused too."""

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    dates = DATES.decode()
    head = {"edition": 2026120101, "as_of": "2026-12-01"}
    for manifest, files, told in (
        ({**head, "files": {"hosts.toml": digest("")}}, {"hosts.toml": ""}, "manifest.toml: is missing"),
        ({**head, "edition": 2026120102, "files": {"manifest.toml": digest(dates)}}, {"manifest.toml": dates}, "another edition or date"),
        (
            {**head, "files": {"manifest.toml": digest(dates), "../x": digest("")}},
            {"manifest.toml": dates, "../x": ""},
            "../x: this version of Middlewatch knows no such file",
        ),
        ({**head, "files": {}}, {}, "manifest: files: "),
        ({**head, "edition": 7, "files": {"manifest.toml": digest(dates)}}, {"manifest.toml": dates}, "manifest: edition: "),
        ({**head, "more": 1, "files": {"manifest.toml": digest(dates)}}, {"manifest.toml": dates}, "manifest: more: "),
    ):
        with pytest.raises(KnowledgeError) as caught:
            open_bundle(resigned(manifest, files), KEYS, FILES)
        assert told in str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the whole: Invalid JSON"),
        (b"[]", "the whole: "),
        (b"\xff\xfe", "the whole: Invalid JSON"),
        (b'{"format": 2}', "format: "),
        (b" " * (MAX_BYTES + 1), "more than the cap of"),
        (b"[" * 100_000, "the whole: "),
    ],
)
def test_rubbish(data: bytes, told: str) -> None:
    """Whatever the bytes, the answer is a sentence."""
    with pytest.raises(KnowledgeError) as caught:
        open_bundle(data, KEYS, FILES)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (b"as_of = 1", "edition is missing"),
        (b"edition = 2026120101", "as_of is missing"),
        (b'as_of = "2026-12-01"\nedition = 20261201', "manifest.toml: edition: "),
        (b'as_of = "soon"\nedition = 2026120101', "manifest.toml: as_of: "),
        (b"as_of", "manifest.toml: not TOML"),
        (b"\xff", "manifest.toml: not TOML"),
    ],
)
def test_dates(dates: bytes, told: str) -> None:
    """Edition and date are needed, and of their form."""
    with pytest.raises(KnowledgeError) as caught:
        manifest_of({"manifest.toml": dates}, FILES)
    assert told in str(caught.value)


@given(data=st.binary(max_size=200), at=st.integers(0, 2000), cut=st.integers(0, 40))
def test_damage(data: bytes, at: int, cut: int) -> None:
    """A good bundle with any piece replaced by any bytes is refused with a sentence, or is still what was signed."""
    good = bundle(hosts_toml=b"x = 1\n")
    try:
        opened = open_bundle(good[:at] + data + good[at + cut :], KEYS, FILES)
    except KnowledgeError as error:
        assert str(error)  # noqa: PT017 - one of the two outcomes
    else:
        assert opened.files == {"manifest.toml": DATES, "hosts.toml": b"x = 1\n"}


def test_what_can_be_signed() -> None:
    """Without its dates, with a file nobody reads, or with bytes that are no text there is no bundle to sign."""
    with pytest.raises(KnowledgeError, match=r"manifest\.toml: is not among the files"):
        manifest_of({"hosts.toml": b""}, FILES)
    with pytest.raises(KnowledgeError, match=r"x\.toml: this version of Middlewatch knows no such file"):
        manifest_of({"manifest.toml": DATES, "x.toml": b""}, FILES)
    with pytest.raises(KnowledgeError, match=r"hosts\.toml: not UTF-8"):
        bundle(hosts_toml=b"\xff")


def test_older_is_refused() -> None:
    """An earlier edition than what is in use is refused with both numbers; the same one and a later one are not."""
    opened = Opened(2026120101, "2026-12-01", "ops", {})
    check_not_older(opened, 2026120101, "what is in use")
    check_not_older(opened, 0, "what is in use")
    with pytest.raises(KnowledgeError, match="edition 2026120101 is older than what is in use, 2026120102; take a newer bundle"):
        check_not_older(opened, 2026120102, "what is in use")
