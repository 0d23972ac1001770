"""Opening the spool: pragmas that promises rest on, damage, places that cannot be used, files of others."""

import os
from pathlib import Path

import pytest

from agent.config_reader import ConfigError
from agent.spool import Spool
from agent.spool_file import new_stream, open_file


def test_a_commit_is_on_disk_before_it_is_told(tmp_path: Path) -> None:
    """WAL with full synchronisation and 8 KiB pages: what the promise not to reuse a number rests on."""
    connection = open_file(tmp_path / "new" / "spool.sqlite", "lyon-1")
    asked = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "page_size", "auto_vacuum")]
    assert asked == ["wal", 2, 8192, 2]
    connection.close()


def test_streams_are_random() -> None:
    """128 bits in hexadecimal, never the same."""
    assert len({new_stream() for _ in range(100)}) == 100
    assert len(new_stream()) == 32


def test_a_damaged_file_is_kept_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is no database is renamed, said in the log, and a new spool begun."""
    path = tmp_path / "spool.sqlite"
    for number in (1, 2):
        path.write_bytes(b"no database at all" * 100)
        spool = Spool(path, "lyon-1", max_bytes=1000)
        assert spool.append(b"{}", created_ns=1, facts={}, certificates={}).seq == 1
        spool.close()
        assert (tmp_path / f"spool.sqlite.damaged-{number}").read_bytes().startswith(b"no database")
    assert "is damaged" in caplog.text


def test_damage_inside_is_found_at_the_start(tmp_path: Path) -> None:
    """A file whose pages are overwritten is found by the check at opening, not by a crash later."""
    path = tmp_path / "spool.sqlite"
    spool = Spool(path, "lyon-1", max_bytes=1 << 20)
    for number in range(50):
        spool.append(bytes(1000), created_ns=number + 1, facts={}, certificates={})
    spool.tidy()
    spool.close()
    content = bytearray(path.read_bytes())
    content[3 * 8192 :] = os.urandom(len(content) - 3 * 8192)
    path.write_bytes(content)
    fresh = Spool(path, "lyon-1", max_bytes=1 << 20)
    assert fresh.pending() == []
    fresh.close()


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """A folder in place of the file, and a file in place of the folder, are told as configuration errors."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "folder", tmp_path / "file" / "spool.sqlite"):
        with pytest.raises(ConfigError, match=r"^config: spool.path: .* cannot be written \(.+\); write "):
            Spool(path, "lyon-1", max_bytes=1000)


def test_another_agents_spool_is_refused(tmp_path: Path) -> None:
    """Reports of one agent are never sent as another's."""
    Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=1000).close()
    with pytest.raises(ConfigError, match="holds reports of agent 'lyon-1'"):
        Spool(tmp_path / "spool.sqlite", "paris-1", max_bytes=1000)


def test_a_newer_spool_is_refused(tmp_path: Path) -> None:
    """A schema of a later version is not touched."""
    spool = Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=1000)
    spool._db.execute("PRAGMA user_version=99")
    spool.close()
    with pytest.raises(ConfigError, match="made by a newer agent"):
        Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=1000)


def test_a_spool_in_use_is_refused(tmp_path: Path) -> None:
    """A second agent on the same file is told so; when the first is closed, the file is free again."""
    first = open_file(tmp_path / "spool", "agent-01")
    with pytest.raises(ConfigError, match="is in use by a running agent; stop that one"):
        open_file(tmp_path / "spool", "agent-01")
    first.close()
    open_file(tmp_path / "spool", "agent-01").close()
