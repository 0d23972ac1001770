"""Words and body of a device's events, and how loudly they are told: stored decisions in, rows of `event` out. In one transaction.

Whether anything is told was decided before (`devices.py`, `spreading.py`); here it may only become quieter, never louder or lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from judge.finding import Finding
from server.fleet.registry import Registry
from server.state import devices as stored
from server.state import events
from server.state.database import Database, Transaction
from server.watcher import sentences
from server.watcher.devices import Approval, Priority, Told, priority
from server.watcher.guards import is_damped
from server.watcher.identity import is_firm
from server.watcher.spreading import FLEET, NO_SITES, SPREAD_NS, is_spread, scope_word, spread_scope
from server.watcher.telling import printable, publish
from server.watcher.turns import Run
from server.watcher.weighing import Post, Weighed
from wire.codec import canonical
from wire.vocabulary import Disposition

NAMED_HOSTS = 50
"""Hosts, agents and places listed in an event's body; a place with more has them in its runs."""
FLIPS = frozenset({"appeared", "discovered", "returned", "left"})
_FLIPS_SINCE_NS = 12 * 3600 * 10**9
"""After twelve half-lives a flip weighs nothing."""


@dataclass(slots=True)
class Teller:
    """Tells device events in one transaction; `fresh` collects the sentences of what was new."""

    database: Database
    transaction: Transaction
    now_ns: int
    registry: Registry
    fresh: list[str] = field(default_factory=list)

    async def tell(self, post: Post, told: Told, weighed: Weighed) -> None:
        """Tell one event of a device at a post, and that it has spread when this site is one too many."""
        row = (await stored.load(self.transaction, [post.device]))[post.device]
        proof = proof_of(told, weighed.runs, weighed.findings)
        severity: Priority = priority(told.kind, _approval(row), told.at_ns, told.categories)
        body = self._body(post, told, weighed, row, proof)
        if told.kind == "appeared" and post.place not in NO_SITES and is_firm(post.names):  # weak keys do not say that two are one
            others = await self._newly_at(post.device, told.at_ns)
            spreads = is_spread({post.place, *others})
            body["spread"] = spreads
            if spreads:
                await self._spread(post, told, weighed, row, {post.place, *others}, severity)
                severity = "P4" if severity == "P2" else severity
        if told.kind in FLIPS and await self._is_damped(post, told):
            body["damped"], severity = True, "none"
        sentence = printable(sentences.device_event(told.kind, self._circumstances(post, told, weighed, proof)))
        if told.part_of:
            sentence = f"{sentence} Likely another side of the device told of at the same place, not a second one."
        if told.origins_own:
            sentence = f"{sentence} The same was seen at other sites within the hour: likelier Microsoft's own change than a device."
        if body.get("damped"):
            sentence = f"{sentence} Recorded only: it comes and goes too often to be told each time."
        await self._publish(
            events.EventRow(told.kind, severity, post.device, post.place, told.episode, told.at_ns, self.now_ns, sentence, canonical(body))
        )

    async def _newly_at(self, device: str, at_ns: int) -> list[str]:
        """Return the sites at which a device was new within a week, or within a week of one that was: a roll-out goes on."""
        told = await events.scopes(self.transaction, device, "appeared", at_ns - 8 * SPREAD_NS)
        found, edge_ns = [], at_ns
        for place, when_ns in sorted(told, key=lambda one: -one[1]):
            if place not in NO_SITES and when_ns >= edge_ns - SPREAD_NS:
                found.append(place)
                edge_ns = min(edge_ns, when_ns)
        return found

    async def _spread(self, post: Post, told: Told, weighed: Weighed, row: stored.DeviceRow, places: set[str], severity: Priority) -> None:
        """Tell that a device has spread, once for a region and once for the fleet, until a roll-out has come to rest."""
        scope = spread_scope(places, {name: site.region for name, site in self.registry.sites.items()})
        before = await events.scopes(self.transaction, post.device, "spread", told.at_ns - 8 * SPREAD_NS)
        if any(one in {scope, FLEET} for one, _ in before):
            return
        proof = proof_of(told, weighed.runs, weighed.findings)
        body = self._body(post, told, weighed, row, proof)
        body |= {"places": sorted(places)[:NAMED_HOSTS], "scope_word": "region" if scope != FLEET else "tenant-wide"}
        circumstances = self._circumstances(post, told, weighed, proof)
        sentence = printable(sentences.spread(scope if scope != FLEET else "", sorted(places), circumstances))
        number = 1 + await events.told_of(self.transaction, post.device, scope, "spread")
        await self._publish(
            events.EventRow("spread", severity, post.device, scope, number, told.at_ns, self.now_ns, sentence, canonical(body))
        )

    async def _is_damped(self, post: Post, told: Told) -> bool:
        since_ns = told.at_ns - _FLIPS_SINCE_NS
        return is_damped(await events.times_of(self.transaction, post.device, post.place, FLIPS, since_ns), told.at_ns)

    def _circumstances(self, post: Post, told: Told, weighed: Weighed, proof: Finding | None) -> sentences.Circumstances:
        hosts = _hosts(told.runs)
        spoken = _hosts(run for run in told.runs if run.category != "Control")  # the others have no say
        voices = {run.path.agent for run in told.runs}
        site = self.registry.sites.get(post.place)
        zone = site.zone if site else "UTC"
        return sentences.Circumstances(
            post.place, spoken or hosts, len(voices), weighed.agents, told.at_ns, told.since_ns, proof, zone, machine=post.agent
        )

    def _body(self, post: Post, told: Told, weighed: Weighed, row: stored.DeviceRow, proof: Finding | None) -> dict[str, Any]:
        """Return what notifications, disclosure and cases read of a device's event; a name here is kept for ever."""
        voices = sorted({run.path.agent for run in told.runs})
        before = next(
            (run.verdict for run in weighed.runs if told.kind == "left" and run.sighting), "clean" if told.kind == "appeared" else ""
        )
        return {
            "place": post.place,
            "places": sorted({run.path.place or post.place for run in told.runs})[:NAMED_HOSTS],
            "scope_word": scope_word(post.place),
            "region": site.region if (site := self.registry.sites.get(post.place)) else "",
            "vendor": row.vendor,
            "product": row.product,
            "possible": row.possible,
            "device_class": row.device_class,
            "issuer": row.issuer,
            "confidence": row.confidence,
            "disposition": row.disposition,
            "first_seen_ns": row.first_seen_ns,
            "hosts": _hosts(told.runs)[:NAMED_HOSTS],
            "categories": sorted(told.categories),
            "agents": voices[:NAMED_HOSTS],
            "agents_agree": len(voices),
            "agents_reporting": max(weighed.agents, len(voices)),
            "before_since_ns": told.since_ns,
            "before": before,
            "after": _after(told, proof),
            "origins_own": told.origins_own,
            "part_of": told.part_of,
            "verdict": proof.verdict if proof else "",
            "responsible": proof.responsible if proof and told.kind not in {"left", "retired"} else "nobody",
            "evidence": [one.text for one in proof.evidence] if proof else [],
            "links": list(proof.links) if proof else [],
            "native": proof.native if proof else "",
        }

    async def _publish(self, event: events.EventRow) -> None:
        if await publish(self.database, self.transaction, event, self.now_ns):
            self.fresh.append(event.sentence)


def proof_of(told: Told, runs: Iterable[Run], findings: Mapping[int, Finding | None]) -> Finding | None:
    """Return the finding that says it best: of the runs told of or, when it left, of the newest sighting before."""
    gone = told.kind in {"left", "retired"}
    told_of = told.runs if not gone else sorted((run for run in runs if run.sighting), key=lambda run: -run.first_ns)
    found = [finding for run in told_of if (finding := findings.get(run.id)) is not None]
    if gone:
        return found[0] if found else None
    return max(found, key=lambda finding: finding.device.confidence if finding.device else 0.0, default=None)


def _after(told: Told, proof: Finding | None) -> str:
    if told.kind in {"left", "retired"}:
        return "not seen"
    issuer = proof.device.issuer if proof and proof.device else ""
    return f"certificates issued by {issuer}" if issuer else (proof.verdict if proof else "")


def _approval(row: stored.DeviceRow) -> Approval:
    categories = frozenset(filter(None, row.disposed_categories.split(",")))
    return Approval(cast("Disposition", row.disposition), row.disposed_until_ns, categories)


def _hosts(runs: Iterable[Run]) -> list[str]:
    return sorted({run.path.target.rpartition(":")[0] for run in runs})
