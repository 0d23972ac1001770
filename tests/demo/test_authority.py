"""The demo's authorities: kept over a restart, readable by their owner only, judged as what they stand for."""

import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from demo.authority import APPLIANCE, SQUID, Authority, PublicAuthorities, Shelf, UnusableFolder, _keep, name, new_key
from judge.certificate import read_certificate
from judge.chain import Roots, verify_twice

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOSTS = ("outlook.office365.com", "outlook.cloud.microsoft", "microsoft.sharepoint.com", "teams.microsoft.com", "login.microsoftonline.com")
CONTROL = "www.gstatic.com"


def inspecting(shelf: Shelf) -> Authority:
    """Return the issuing authority of an inspecting device below its own root."""
    root = shelf.authority("gateway root", name(O="Contoso", CN="Contoso Root"))
    return shelf.authority("gateway", name(O="Contoso", CN="Contoso Web Gateway CA"), root)


@pytest.mark.parametrize("host", [*HOSTS, CONTROL, "office.live.com"])
def test_public_leaf(tmp_path: Path, host: str) -> None:
    """A public leaf verifies against the laboratory root, names its owner, and carries what public ones carry; its issuer comes along."""
    public = PublicAuthorities(Shelf(tmp_path, NOW))
    leaf = public.leaf(host)
    roots = Roots([public.root.der])
    assert verify_twice(leaf.chain, host, roots, roots, NOW) == ("trusted", "trusted")
    fields = read_certificate(leaf.chain[0])
    assert len(leaf.chain) == 2
    assert fields.subject.first("O") == ("" if host == CONTROL else "Microsoft Corporation")
    assert (fields.sct_count, fields.key_type, fields.key_bits, fields.policies) == (2, "EC", 256, ("2.23.140.1.2.2",))
    assert (fields.aia_hosts, fields.unreadable) == (("ca.lab.example",), ())
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(leaf.file)


def test_squid_style(tmp_path: Path) -> None:
    """Squid's leaves: one RSA key for all hosts, no timestamps, the origin's dates, three certificates; only its own root accepts them."""
    shelf = Shelf(tmp_path, NOW)
    public, gateway = PublicAuthorities(shelf), inspecting(shelf)
    leaves = [shelf.leaf(gateway, name(CN=host), (host,), SQUID, public.leaf(host).certificate) for host in (*HOSTS, CONTROL)]
    read = [read_certificate(one.chain[0]) for one in leaves]
    assert len({one.spki_sha256 for one in read}) == 1
    assert {(one.key_type, one.key_bits, one.sct_count, one.extensions) for one in read} == {("RSA", 2048, 0, ("AKI", "BC", "EKU", "SAN"))}
    assert read[0].not_after == public.leaf(HOSTS[0]).certificate.not_valid_after_utc
    assert gateway.parent is not None
    os_roots, roots = Roots([public.root.der, gateway.parent.der]), Roots([public.root.der])
    assert [len(one.chain) for one in leaves] == [3] * 6
    assert verify_twice(leaves[0].chain, HOSTS[0], os_roots, roots, NOW) == ("trusted", "no_root")


def test_kept_over_a_restart(tmp_path: Path) -> None:
    """A second start finds the same authorities and leaves; files are for their owner only; RSA keys are two."""
    first, second = (Shelf(tmp_path, NOW + timedelta(days=day)) for day in (0, 30))
    made = [PublicAuthorities(first).leaf(HOSTS[0]), first.leaf(inspecting(first), name(CN=CONTROL), (CONTROL,), SQUID)]
    kept = [PublicAuthorities(second).leaf(HOSTS[0]), second.leaf(inspecting(second), name(CN=CONTROL), (CONTROL,), SQUID)]
    assert made == kept
    if sys.platform != "win32":
        assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    keys = [load_pem_private_key(file.read_bytes(), None) for file in tmp_path.iterdir()]
    assert len({one.private_numbers().d for one in keys if isinstance(one, RSAPrivateKey)}) == 2
    assert not [file for file in tmp_path.iterdir() if file.suffix != ".pem"], "no scratch file stays"


def test_leaf_renewed(tmp_path: Path) -> None:
    """A leaf near its end, of other names, or of an authority made anew is minted again; the authority's key stays its key."""
    shelf = Shelf(tmp_path, NOW)
    gateway = inspecting(shelf)
    old = shelf.leaf(gateway, name(CN=CONTROL), (CONTROL,), APPLIANCE)
    later = Shelf(tmp_path, NOW + timedelta(days=159))
    new = later.leaf(inspecting(later), name(CN=CONTROL), (CONTROL,), APPLIANCE)
    assert new.chain[0] != old.chain[0]
    assert new.chain[1] == old.chain[1]
    more = later.leaf(inspecting(later), name(CN=CONTROL), (CONTROL, "gstatic.com"), APPLIANCE)
    assert more.chain[0] != new.chain[0]
    (tmp_path / "gateway.pem").unlink()
    other = later.leaf(inspecting(later), name(CN=CONTROL), (CONTROL, "gstatic.com"), APPLIANCE)
    assert other.chain[1] != more.chain[1]
    assert verify_twice(other.chain, CONTROL, Roots([other.chain[1]]), Roots([]), NOW + timedelta(days=159))[0] == "trusted"


def test_second_process_finds_the_first_ones(tmp_path: Path) -> None:
    """Of two that make the same authority at once the first to write wins, and no scratch file stays."""
    first = Shelf(tmp_path, NOW).authority("root", name(CN="Root"))
    _keep(tmp_path / "root.pem", [new_key()])
    assert Shelf(tmp_path, NOW).authority("root", name(CN="Root")).der == first.der
    assert [file.name for file in tmp_path.iterdir()] == ["root.pem"]


def test_unusable(tmp_path: Path) -> None:
    """A folder that cannot be made and a file that is no key are one sentence each, with place and remedy."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnusableFolder, match=r"file/keys cannot be made .*; name a folder you can write"):
        Shelf(tmp_path / "file" / "keys", NOW)
    shelf = Shelf(tmp_path, NOW)
    whole = (tmp_path / "whole.pem", shelf.authority("whole", name(CN="Whole")))[0].read_bytes()
    for text in (b"nonsense", whole[:300], whole[: whole.index(b"-----BEGIN CERT")]):
        (tmp_path / "root.pem").write_bytes(text)
        with pytest.raises(UnusableFolder, match=r"root\.pem is not a key with certificates; delete it"):
            shelf.authority("root", name(CN="Root"))
