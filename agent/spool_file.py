"""Opens the spool's SQLite file: pragmas, schema, and what to do with a file that is unusable. No report is handled here."""

import logging
import secrets
import sqlite3
from pathlib import Path

from agent.config_reader import ConfigError

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
_PRAGMAS = (
    "PRAGMA page_size=8192",  # before WAL; one 2.5 kB report a page at 4096: 41 MB for 10,080 reports, 28 MB at 8192 (measured)
    "PRAGMA auto_vacuum=2",  # a deleted backlog can be given back to the disk
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a number must not be given twice after a power cut: 0.2 ms a commit (measured)
    "PRAGMA cache_size=-512",  # KiB: a report is read once, the default of 2 MB would only be resident
)
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS identity(
    agent TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL, created_ns INTEGER NOT NULL,
    digest TEXT NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report(
    seq INTEGER PRIMARY KEY, digest TEXT NOT NULL, previous TEXT NOT NULL, created_ns INTEGER NOT NULL,
    length INTEGER NOT NULL, fresh INTEGER NOT NULL, manifest INTEGER NOT NULL, cycle BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS report_manifest ON report(manifest);
CREATE TABLE IF NOT EXISTS manifest(id INTEGER PRIMARY KEY, ids TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS body(
    id TEXT PRIMARY KEY, certificate INTEGER NOT NULL, known INTEGER NOT NULL, bytes BLOB);
CREATE TABLE IF NOT EXISTS dropped(first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS former(stream TEXT NOT NULL);
COMMIT;
"""
"""`manifest`: the ids a report uses, `facts,facts;certificate,...`, once for the many reports that use the same.
`body.bytes` is NULL once the centre knows it and no report needs it. `previous` is empty for a stream's first report."""
_BUSY_S = 1.0
"""Only a second agent on the same file can make us wait, and that is a mistake to be told soon. An agent that was killed holds no lock."""
_DAMAGED = {"SQLITE_NOTADB", "SQLITE_CORRUPT"}


class OwnFile(sqlite3.Connection):
    """A connection that keeps every other agent off its file until it is closed or the process ends, however it ends.

    Two agents on one file give the same number to two reports, and one of them is lost (seen in a test that forgot to stop the first).
    The lock is on a file beside the spool, so that anybody may still read the spool.
    """

    lock: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file and let another agent have it."""
        super().close()
        if self.lock is not None:
            self.lock.close()


def open_file(path: Path, agent: str) -> OwnFile:
    """Return a connection to the spool at `path`, made if need be. Raises ConfigError when the place cannot be used.

    A damaged file is renamed aside, with an error in the log: its unreceipted reports are lost to the agent, not to a person.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _open(path, agent)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname not in _DAMAGED:
                raise
            aside = _rename_aside(path)
            told = "spool: %s is damaged (%s); kept as %s, a new spool is begun"
            log.error(told, path, error, aside.name)  # noqa: TRY400 - a state of the disk, no fault of ours to trace
            return _open(path, agent)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError([f"config: spool.path: {path} cannot be written ({reason}); write a path in a folder this user owns"]) from None


def new_stream() -> str:
    """Return 128 random bits: a stream's name, made with the file or at a reset."""
    return secrets.token_hex(16)


def _open(path: Path, agent: str) -> OwnFile:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S, factory=OwnFile)
    try:
        connection.lock = _lock(path)
        _prepare(connection, path)
        _identify(connection, path, agent)
    except BaseException:
        connection.close()
        raise
    return connection


def _lock(path: Path) -> sqlite3.Connection:
    """Return a connection that holds the lock of a spool; SQLite, because its locks are the same on every system."""
    lock = sqlite3.connect(path.with_name(f"{path.name}.lock"), isolation_level=None, timeout=_BUSY_S)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
        raise ConfigError([f"config: spool.path: {path} is in use by a running agent; stop that one, or write another path"]) from None
    return lock


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma).fetchall()
    damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        error = sqlite3.DatabaseError(damage)
        error.sqlite_errorname = "SQLITE_CORRUPT"
        raise error
    if connection.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
        raise ConfigError([f"config: spool.path: {path} was made by a newer agent; write another path, or upgrade this agent"])
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _identify(connection: sqlite3.Connection, path: Path, agent: str) -> None:
    """Give a new file its stream; refuse one that belongs to another agent. Writes in any case: an unwritable file shows itself now."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO identity SELECT ?, ?, 0, 0, '', 0 WHERE NOT EXISTS (SELECT 1 FROM identity)", (agent, new_stream()))
    connection.execute("UPDATE identity SET seq = seq")
    connection.execute("COMMIT")
    owner = connection.execute("SELECT agent FROM identity").fetchone()[0]
    if owner != agent:
        raise ConfigError([f'config: spool.path: {path} holds reports of agent {owner!r}; write another path, or agent.id = "{owner}"'])


def _rename_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside
