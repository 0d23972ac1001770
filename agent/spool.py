"""The spool: every report on disk before it is first sent, gone only on a receipt. SQLite, one writer, this file alone.

Identity is (agent, stream, seq). `seq` comes from a counter row in the transaction that inserts the report: a bare rowid starts anew
when the table empties (measured). Nothing is sent, scheduled or judged here. Design section 3, "Nothing measured is lost".
"""

import logging
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent.receipts import Ranges, done_ranges, is_forked, merged, without
from agent.spool_file import new_stream, open_file
from wire.codec import content_id, encode
from wire.receipt import Receipt, Refusal

log = logging.getLogger(__name__)

SpoolError = sqlite3.Error
"""What `apply` and `reset_stream` raise when the disk refuses; nothing is changed then."""
MAX_TOLD_RANGES = 64
"""wire.report.Report.dropped holds so many; the rest follow when these are receipted."""
_RECENT_MANIFESTS = 8
"""Bodies used by the last few reports stay on disk though the centre knows them: freeing 40 kB to write it again a minute later
would be most of the disk's work."""
_VACUUM_PAGES = 512
"""4 MiB given back to the disk at a time: some milliseconds between two rounds."""
_SPARE_PAGES = 64
"""Half a MiB stays: giving back the page of a receipted report to take it again a minute later is work for nothing."""


@dataclass(frozen=True, slots=True)
class Appended:
    """`seq` is None when the disk refused the report. `dropped` had to make room."""

    seq: int | None
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a receipt did: rows gone, rows to offer again with bodies, rows to keep for later; `forked`: nothing, reset the stream."""

    done: tuple[int, ...] = ()
    again: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    quarantined: tuple[Refusal, ...] = ()
    forked: bool = False


@dataclass(slots=True)
class _Memory:
    """What is also kept in memory. A failed transaction puts the copy from before it back; ranges are replaced, never changed."""

    stream: str
    seq: int
    created_ns: int
    digest: str
    dropped: int
    unwritten: int
    gone: Ranges
    count: int
    size: int
    unknown: set[str]
    former: str | None


class Spool:
    """One open spool. Not for two processes at once; calls take about half a millisecond, so they are made on the loop (measured)."""

    def __init__(self, path: Path, agent: str, *, max_bytes: int) -> None:
        self._db = open_file(path, agent)
        self._max_bytes = max_bytes
        self.agent = agent
        self._recent: deque[int] = deque(maxlen=_RECENT_MANIFESTS)
        gone: Ranges = self._db.execute("SELECT first, last FROM dropped ORDER BY first").fetchall()
        cycles, count = self._db.execute("SELECT COALESCE(SUM(length), 0), COUNT(*) FROM report").fetchone()
        bodies = self._db.execute("SELECT COALESCE(SUM(LENGTH(bytes)), 0) FROM body").fetchone()[0]
        unknown = {row[0] for row in self._db.execute("SELECT id FROM body WHERE known = 0")}
        stream, seq, created, digest, lost = self._db.execute("SELECT stream, seq, created_ns, digest, dropped FROM identity").fetchone()
        former = self._db.execute("SELECT stream FROM former").fetchone()
        self._now = _Memory(stream, seq, created, digest, lost, 0, gone, count, cycles + bodies, unknown, former[0] if former else None)

    @property
    def stream(self) -> str:
        """Return the stream reports are numbered in."""
        return self._now.stream

    @property
    def last_seq(self) -> int:
        """Return the highest number given in this stream."""
        return self._now.seq

    @property
    def count(self) -> int:
        """Return how many reports are not receipted."""
        return self._now.count

    @property
    def dropped(self) -> int:
        """Return how many reports were lost to the bound or to a full disk since the spool was made."""
        return self._now.dropped + self._now.unwritten

    @property
    def dropped_ranges(self) -> tuple[tuple[int, int], ...]:
        """Return the ranges of this stream that were dropped and not yet receipted."""
        return tuple(self._now.gone)

    @property
    def payload_bytes(self) -> int:
        """Return the sum the bound applies to: cycles and bodies."""
        return self._now.size

    def pending(self) -> list[int]:
        """Return the numbers of all unreceipted reports, oldest first."""
        return [row[0] for row in self._db.execute("SELECT seq FROM report ORDER BY seq")]

    def created_ns(self, now_ns: int) -> int:
        """Return the creation time for the next report: the wall clock, but later than every one before in this stream."""
        return max(now_ns, self._now.created_ns + 1)

    def append(self, cycle: bytes, *, created_ns: int, facts: Mapping[str, bytes], certificates: Mapping[str, bytes]) -> Appended:
        """Commit one report and return its number. A disk that refuses costs this report, which is counted, never the agent."""
        lost = self._now.unwritten
        try:
            with self._writing():
                appended = self._insert(cycle, created_ns, facts, certificates)
        except sqlite3.Error as error:
            if self._now.unwritten == 0:
                told = "spool: the disk refuses reports (%s); they are dropped and counted until it takes them again"
                log.error(told, error)  # noqa: TRY400 - a state of the disk, no fault of ours to trace
            self._now.unwritten += 1
            return Appended(None)
        if lost:
            log.warning("spool: the disk takes reports again; %d were dropped", lost)
        return appended

    def _insert(self, cycle: bytes, created_ns: int, facts: Mapping[str, bytes], certificates: Mapping[str, bytes]) -> Appended:
        if lost := self._now.unwritten:  # numbers for what the disk refused, so that the ledger can count it
            self._note_gone([(self.last_seq + 1, self.last_seq + lost)], lost)
            self._now.seq, self._now.unwritten = self.last_seq + lost, 0
        seq, digest = self.last_seq + 1, content_id(cycle)
        fresh = self._keep_bodies(facts, certificate=False)
        self._keep_bodies(certificates, certificate=True)
        manifest = self._manifest(",".join(facts) + ";" + ",".join(certificates))
        self._db.execute(
            "INSERT INTO report VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (seq, digest, self._now.digest, created_ns, len(cycle), fresh, manifest, cycle),
        )
        self._db.execute("UPDATE identity SET seq = ?, created_ns = ?, digest = ?", (seq, created_ns, digest))
        self._now.seq, self._now.created_ns, self._now.digest = seq, created_ns, digest
        self._now.size += len(cycle)
        self._now.count += 1
        return Appended(seq, self._make_room(seq) if self._now.size > self._max_bytes else ())

    def _keep_bodies(self, bodies: Mapping[str, bytes], *, certificate: bool) -> bool:
        """Store bodies this file has not, and return whether an id was never seen before."""
        fresh = False
        for key, content in bodies.items():
            row = self._db.execute("SELECT bytes IS NULL FROM body WHERE id = ?", (key,)).fetchone()
            if row is None:
                self._db.execute("INSERT INTO body VALUES (?, ?, 0, ?)", (key, certificate, content))
                self._now.unknown.add(key)
                fresh = True
            elif row[0]:
                self._db.execute("UPDATE body SET bytes = ? WHERE id = ?", (content, key))
            else:
                continue
            self._now.size += len(content)
        return fresh

    def _manifest(self, ids: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO manifest(ids) VALUES (?)", (ids,))
        key: int = self._db.execute("SELECT id FROM manifest WHERE ids = ?", (ids,)).fetchone()[0]
        if key in self._recent:
            self._recent.remove(key)
        self._recent.append(key)
        return key

    def _make_room(self, newest: int) -> tuple[int, ...]:
        """Drop the oldest reports, those that introduced a facts id last, until the rest fits; the newest stays."""
        dropped: list[int] = []
        rows = self._db.execute("SELECT seq, length FROM report WHERE seq <> ? ORDER BY fresh, seq", (newest,))
        for seq, length in iter(rows.fetchone, None):
            if self._now.size <= self._max_bytes:
                break
            dropped.append(seq)
            self._now.size -= length
        rows.close()
        self._db.executemany("DELETE FROM report WHERE seq = ?", [(seq,) for seq in dropped])
        self._now.count -= len(dropped)
        self._note_gone([(seq, seq) for seq in dropped], len(dropped))
        self._free_bodies()
        return tuple(dropped)

    def _note_gone(self, ranges: Ranges, count: int) -> None:
        self._now.gone = merged([*self._now.gone, *ranges])
        self._write_gone()
        self._db.execute("UPDATE identity SET dropped = dropped + ?", (count,))
        self._now.dropped += count

    def _write_gone(self) -> None:
        self._db.execute("DELETE FROM dropped")
        self._db.executemany("INSERT INTO dropped VALUES (?, ?)", self._now.gone)

    def payload(self, seq: int) -> bytes | None:
        """Return report `seq` as it goes over the wire, with every body the centre is not known to have; None when it is gone."""
        row = self._db.execute(
            "SELECT r.digest, r.previous, r.cycle, m.ids FROM report r JOIN manifest m ON m.id = r.manifest WHERE r.seq = ?", (seq,)
        ).fetchone()
        if row is None:
            return None
        digest, previous, cycle, ids = row
        facts, certificates = (self._unknown_bodies(part.split(",")) for part in ids.split(";"))
        return encode(
            self.agent,
            self.stream,
            seq,
            cycle=cycle,
            digest=digest,
            previous=previous or None,
            former=self._now.former,
            dropped=self._now.gone[:MAX_TOLD_RANGES],
            facts=facts,
            certificates=certificates,
        )

    def _unknown_bodies(self, ids: list[str]) -> dict[str, bytes]:
        wanted = [key for key in ids if key in self._now.unknown]
        return {key: self._db.execute("SELECT bytes FROM body WHERE id = ?", (key,)).fetchone()[0] for key in wanted}

    def apply(self, receipt: Receipt) -> Applied | None:
        """Do what a receipt says and return what that was; None when it is about another stream. Raises SpoolError."""
        if receipt.stream != self.stream:
            return None
        if is_forked(receipt, self.last_seq, self._digest_of):
            return Applied(forked=True)
        ranges = done_ranges(receipt)
        refused = {one.seq for one in receipt.quarantined}
        with self._writing():
            done = self._rows_in(ranges)
            self._learn({manifest for seq, _, manifest in done if seq not in refused})
            self._db.executemany("DELETE FROM report WHERE seq = ?", [(seq,) for seq, _, _ in done])
            self._now.size -= sum(length for _, length, _ in done)
            self._now.count -= len(done)
            left = without(self._now.gone, ranges)
            if left != self._now.gone:
                self._now.gone = left
                self._write_gone()
            if self._now.former and any(seq not in refused for seq, _, _ in done):  # it came with them
                self._db.execute("DELETE FROM former")
                self._now.former = None
            again = self._forget_known(receipt.want)
        gone = tuple(seq for seq, _, _ in done)
        quarantined = tuple(one for one in receipt.quarantined if one.seq in gone)
        return Applied(gone, again, tuple(one.seq for one in receipt.held), quarantined)

    def _digest_of(self, seq: int) -> str | None:
        """Return the digest report `seq` of this stream had, if anything left here still says so."""
        if seq == self.last_seq:
            return self._now.digest
        row = self._db.execute("SELECT digest FROM report WHERE seq = ?", (seq,)).fetchone()
        row = row or self._db.execute("SELECT previous FROM report WHERE seq = ?", (seq + 1,)).fetchone()
        return str(row[0]) or None if row else None

    def _rows_in(self, ranges: Ranges) -> list[tuple[int, int, int]]:
        """Return (seq, length, manifest) of the rows in these ranges."""
        query = "SELECT seq, length, manifest FROM report WHERE seq BETWEEN ? AND ?"
        return [row for pair in ranges for row in self._db.execute(query, pair)]

    def _learn(self, manifests: set[int]) -> None:
        """Note that the centre has every body these reports used: it stored them."""
        if not self._now.unknown:
            return
        for manifest in manifests:
            ids = self._ids(manifest) & self._now.unknown
            self._db.executemany("UPDATE body SET known = 1 WHERE id = ?", [(key,) for key in ids])
            self._now.unknown -= ids

    def _forget_known(self, wanted: list[str]) -> tuple[int, ...]:
        """Note that the centre lacks these bodies, and return the reports that use one it was believed to have.

        A want for a body that travels anyway is the echo of a report sent before the first want arrived; the resend time deals with it.
        """
        ids = {key for key in wanted if key not in self._now.unknown}
        ids = {key for key in ids if self._db.execute("SELECT 1 FROM body WHERE id = ?", (key,)).fetchone()}
        if not ids:
            return ()
        self._db.executemany("UPDATE body SET known = 0 WHERE id = ?", [(key,) for key in ids])
        self._now.unknown |= ids
        using = [row[0] for row in self._db.execute("SELECT id FROM manifest").fetchall() if self._ids(row[0]) & ids]
        rows = (self._db.execute("SELECT seq FROM report WHERE manifest = ?", (key,)) for key in using)
        return tuple(sorted(row[0] for found in rows for row in found))

    def _ids(self, manifest: int) -> set[str]:
        ids: str = self._db.execute("SELECT ids FROM manifest WHERE id = ?", (manifest,)).fetchone()[0]
        return set(ids.replace(";", ",").split(",")) - {""}

    def reset_stream(self) -> list[int]:
        """Begin a new stream, give what is unreceipted new numbers in the same order, and return them.

        What was dropped and not receipted keeps its place in the order, as ranges of the new stream: it stays counted.
        """
        rows = self._db.execute("SELECT seq, digest, previous FROM report").fetchall()
        items = sorted([(seq, seq, digest, previous) for seq, digest, previous in rows] + [(a, b, None, "") for a, b in self._now.gone])
        with self._writing():
            number, digest = 0, ""
            gone: Ranges = []
            numbers: list[int] = []
            for first, last, own_digest, old_previous in items:
                if own_digest is None:
                    gone.append((number + 1, number + last - first + 1))
                    number, digest = number + last - first + 1, ""
                    continue
                number += 1
                previous = digest or (old_previous if number > 1 else "")
                self._db.execute("UPDATE report SET seq = ?, previous = ? WHERE seq = ?", (number, previous, first))
                digest = own_digest
                numbers.append(number)
            self._now.gone = merged(gone)
            self._write_gone()
            if self._now.former is None:  # else the centre has not heard of the stream that ends now
                self._now.former = self.stream
                self._db.execute("INSERT INTO former VALUES (?)", (self.stream,))
            self._now.stream, self._now.seq, self._now.digest = new_stream(), number, digest
            self._db.execute("UPDATE identity SET stream = ?, seq = ?, digest = ?", (self.stream, number, digest))
        return numbers

    def tidy(self) -> None:
        """Do between rounds what would disturb one: free bodies nobody needs, checkpoint, give pages back to the disk."""
        try:
            with self._writing():
                self._free_bodies()
            spare = self._db.execute("PRAGMA freelist_count").fetchone()[0]
            if spare > _SPARE_PAGES:  # executescript, for execute() gives back a single page (measured)
                self._db.executescript(f"PRAGMA incremental_vacuum({min(spare - _SPARE_PAGES, _VACUUM_PAGES)});")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            log.debug("spool: tidying waits (%s)", error)

    def _free_bodies(self) -> None:
        """Free bodies no report and no recent manifest uses. The ids of those the centre knows stay, so that they are not sent again."""
        recent = ",".join(str(key) for key in self._recent) or "0"
        unused = f"id NOT IN (SELECT manifest FROM report) AND id NOT IN ({recent})"  # noqa: S608 - integers of our own
        if self._db.execute(f"DELETE FROM manifest WHERE {unused}").rowcount == 0:  # noqa: S608 - as above
            return
        used: set[str] = set()
        for (key,) in self._db.execute("SELECT id FROM manifest").fetchall():
            used |= self._ids(key)
        kept = self._db.execute("SELECT id, known, LENGTH(bytes) FROM body WHERE bytes IS NOT NULL").fetchall()
        for key, known, length in kept:
            if key in used:
                continue
            # A body nobody knows and no report uses: its report was dropped. Without the row it counts as new when seen again.
            self._db.execute("UPDATE body SET bytes = NULL WHERE id = ?" if known else "DELETE FROM body WHERE id = ?", (key,))
            self._now.unknown.discard(key)
            self._now.size -= length

    @contextmanager
    def _writing(self) -> Iterator[None]:
        before = replace(self._now, unknown=set(self._now.unknown))
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._now = before
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file; everything committed is on disk already."""
        self._db.close()
