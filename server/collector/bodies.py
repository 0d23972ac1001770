"""Facts and certificates behind the ids in reports: from memory, the report itself, or the state database; or wanted.

The caches hold content-addressed things only: what an id means cannot change. They are bounded, and cleared together.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from judge.examined import Chained
from server.collector.intake import Item
from server.state import bodies as stored
from server.state.database import Database
from wire.codec import read_facts
from wire.facts import KnownFacts, RawFacts
from wire.observation import RawObservation

MAX_FACTS = 50_000
MAX_CERTIFICATES = 20_000
"""About 1.5 kB each: 30 MB. A fleet of 10,000 sites with one device each has fewer."""


@dataclass(slots=True)
class Fresh:
    """Bodies that came with a batch and are not stored yet."""

    facts: dict[str, tuple[str, bytes, str, int]] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)


class Bodies:
    """What ids mean. `certificates` maps id to DER for the judge."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.facts: dict[str, KnownFacts | RawFacts] = {}
        self.certificates: dict[str, bytes] = {}

    async def lacking(self, items: Collection[Item]) -> tuple[dict[int, set[str]], Fresh]:
        """Return the ids each item (by its place) cannot be stored without, and the fresh bodies of the others."""
        if len(self.facts) > MAX_FACTS or len(self.certificates) > MAX_CERTIFICATES:
            self.facts.clear()
            self.certificates.clear()
        unknown = {key for item in items for key in facts_ids(item) if key not in self.facts}
        sent: dict[str, bytes] = {}
        if unknown:
            sent = {key: der for item in items for key, der in item.certificates.items()}
            await self._load(unknown, {key: facts for item in items if item.report for key, facts in item.report.facts.items()})
        missing: dict[int, set[str]] = {}
        fresh = Fresh()
        for place, item in enumerate(items):
            if item.report is None:
                continue
            lack = self._lack_of(item, unknown, sent, fresh) if unknown else set()
            if lack:
                missing[place] = lack
        return missing, fresh

    async def _load(self, unknown: set[str], sent_facts: Mapping[str, KnownFacts | RawFacts]) -> None:
        async with self._database.reading() as connection:
            for key, body in (await stored.load_facts(connection, unknown)).items():
                self.facts[key] = read_facts(body)
            reached = [self.facts.get(key) or sent_facts.get(key) for key in unknown]
            chains = {one for facts in reached if isinstance(facts, Chained) for one in facts.chain}
            wanted = chains - self.certificates.keys()
            if wanted:
                self.certificates |= await stored.load_certificates(connection, wanted)

    def _lack_of(self, item: Item, unknown: set[str], sent: Mapping[str, bytes], fresh: Fresh) -> set[str]:
        """Return what this item lacks; note its fresh bodies when it lacks nothing."""
        assert item.report is not None  # noqa: S101 - the caller looked
        lack: set[str] = set()
        new_facts: dict[str, KnownFacts | RawFacts] = {}
        new_certificates: dict[str, bytes] = {}
        for key in unknown.intersection(facts_ids(item)):
            facts = self.facts.get(key)
            if facts is None:
                facts = item.report.facts.get(key)
                if facts is None:
                    lack.add(key)
                    continue
                new_facts[key] = facts
            for one in facts.chain if isinstance(facts, Chained) else ():
                if one in sent:
                    new_certificates[one] = sent[one]
                elif one not in self.certificates:
                    lack.add(one)
        if not lack:
            cycle = item.report.cycle
            fresh.facts |= {key: (one.kind, item.facts[key], cycle.software, cycle.plan) for key, one in new_facts.items()}
            fresh.certificates |= {key: der for key, der in new_certificates.items() if key not in self.certificates}
        return lack

    async def store(self, fresh: Fresh, now_ns: int) -> None:
        """Keep fresh bodies for ever, and know them from now on."""
        async with self._database.writing() as connection:
            await stored.store_certificates(self._database, connection, fresh.certificates, now_ns)
            await stored.store_facts(self._database, connection, fresh.facts, now_ns)
        self.certificates |= fresh.certificates
        for key, (_, body, _, _) in fresh.facts.items():
            self.facts[key] = read_facts(body)


def facts_ids(item: Item) -> Iterable[str]:
    """Return the facts ids an item's observations name."""
    if item.report is None:
        return ()
    return [one.facts for one in item.report.cycle.observations if not isinstance(one, RawObservation)]
