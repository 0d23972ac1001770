"""The devices in plain words: what each is, since when, where, on which hosts, who agrees, what proves it, whose job. Words only."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.console.picture import Chain, DeviceCard, Picture
from server.console.sites_view import NO_DATA
from server.console.words import CLASS_WORDS, Mark, Moment, called, counted, make, mark, moment, rank
from server.watcher.beside import said
from server.watcher.sentences import JOB

PLACES_NAMED = 8
HOSTS_NAMED = 12
"""Named before the rest is counted; all are in the sites' own timelines."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one device stands, or stood, in one line."""

    site: str
    present: bool
    since: Moment | None
    agents: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence. `weight` says for (more than 0) or against; `sure` that two rounds of it are enough."""

    text: str
    speaks: str
    grade: str


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """One certificate in words."""

    role: str
    subject: str
    issuer: str
    validity: str
    key: str
    scts: str
    sha256: str
    pem: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device as the page tells it."""

    id: str
    kind: str
    make: str
    mark: Mark
    present: bool
    state: str
    headline: str
    places: Sequence[Standing]
    more_places: int
    hosts: Sequence[str]
    more_hosts: int
    proofs: Sequence[Proof]
    why_not: str
    native: str
    links: Sequence[str]
    job: str
    disposition: str
    confidence: str
    chain_host: str
    trust: str
    chain: Sequence[CertificateRow]


GRADES = {
    "L": "measured in our laboratory",
    "A": "documented",
    "B": "sighted twice",
    "C": "sighted once",
    "D": "recalled, not proven",
}
DISPOSITIONS = {"undecided": "Nobody has decided about it yet.", "known": "Acknowledged as known.", "approved": "Approved."}
TRUSTS = {
    "trusted": "passes",
    "no_root": "fails: it ends in a root that is not there",
    "incomplete": "cannot be decided: an issuer was not sent",
    "expired": "fails: a certificate is not valid now",
    "name": "fails: it is for another name",
    "policy": "fails by a rule of the verifier",
    "unchecked": "was not checked",
}


def views(picture: Picture) -> list[DeviceView]:
    """Return all devices of the picture, in its order."""
    return [_view(card, picture) for card in picture.devices]


def _view(card: DeviceCard, picture: Picture) -> DeviceView:
    finding, present = card.finding, card.present
    worst = max((one.verdict for one in card.sightings), key=rank, default=finding.verdict if finding else "inconclusive")
    hosts = sorted({said(one.target) for one in card.sightings}) or ([finding.target.host] if finding else [])
    places = [_standing(card, index, picture) for index in range(min(len(card.presences), PLACES_NAMED))]
    evidence = sorted(finding.evidence, key=lambda one: -one.weight) if finding else []
    kind = CLASS_WORDS.get(card.row.device_class, CLASS_WORDS["unknown"])
    return DeviceView(
        id=card.row.id,
        kind=kind[0].upper() + kind[1:],
        make=make(finding.device if finding else None),
        mark=mark(worst),
        present=bool(present),
        state=f"at {counted(len(present), 'site')} now" if present else "left",
        headline=called(finding.device if finding else None),
        places=places,
        more_places=max(0, len(card.presences) - PLACES_NAMED),
        hosts=hosts[:HOSTS_NAMED],
        more_hosts=max(0, len(hosts) - HOSTS_NAMED),
        proofs=[Proof(one.text, "for" if one.weight > 0 else "against", GRADES.get(one.grade, one.grade)) for one in evidence],
        why_not=finding.why_not if finding else "",
        native=finding.native if finding else "",
        links=finding.links if finding else (),
        job=JOB[finding.responsible] if finding and present else JOB["nobody"] if not present else JOB["unclear"],
        disposition=DISPOSITIONS.get(card.row.disposition, card.row.disposition),
        confidence=f"{finding.confidence:.0%}" if finding else NO_DATA,
        chain_host=card.chain.host if card.chain else "",
        trust=_trust(card.chain),
        chain=_chain(card.chain),
    )


def _standing(card: DeviceCard, index: int, picture: Picture) -> Standing:
    presence = card.presences[index]
    site = picture.site(presence.place)
    zone = site.zone if site else "UTC"
    agree = len({one.agent for one in card.sightings if one.place == presence.place})
    reporting = max(site.reporting if site else 0, agree)
    there = presence.state == "present"
    agents = f"{agree} of {counted(reporting, 'agent')} {'agrees' if reporting == 1 else 'agree'}" if there else ""
    return Standing(
        presence.place or "no site", there, moment(presence.since_ns, picture.at_ns, zone), agents, site is not None and site.simulated
    )


def _trust(chain: Chain | None) -> str:
    """Return how the chain verified, in one sentence."""
    if chain is None or chain.trust is None:
        return ""
    system, public = TRUSTS.get(chain.trust.os, chain.trust.os), TRUSTS.get(chain.trust.public, chain.trust.public)
    return f"Against the machine's own roots it {system}. Against the public roots it {public}."


def _chain(chain: Chain | None) -> list[CertificateRow]:
    rows = []
    for index, one in enumerate(chain.certificates if chain else ()):
        fields = one.fields
        begins, ends = fields.not_before, fields.not_after
        rows.append(
            CertificateRow(
                role="Leaf, for the host" if index == 0 else "Root (signs itself)" if fields.self_issued else "Authority",
                subject=str(fields.subject) or "empty",
                issuer=str(fields.issuer) or "empty",
                validity=f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC" if begins and ends else "cannot be read",
                key=f"{fields.key_type} {fields.key_bits} bit" if fields.key_type else "cannot be read",
                scts=_scts(fields.sct_count),
                sha256=fields.sha256,
                pem=one.pem,
            )
        )
    return rows


def _scts(count: int | None) -> str:
    if count is None:
        return "cannot be read"
    return f"{count} embedded" if count else "none: it is in no public log by its own word"
