"""Rows about places: where the machine is, where it leaves to the Internet, how far that is, whose resolver answers.

No address database is asked: distances come from the declared place, from where front doors stand, and from the speed of light in fibre.
"""

from collections.abc import Iterator

from judge.connectivity.look import Look, middle, ms
from judge.connectivity.row import Row
from judge.distance import great_circle_km, rtt_bound_km
from judge.egress_truth import Claim, Point, Source, address_claim, egress_truth, front_door_claim
from judge.knowledge.model import FrontDoorPlace

_BY: dict[Source, str] = {"reflector": "our reflector", "resolver": "DNS", "front-door": "the front door", "relay": "the Teams relay"}
_NOT_SAID = "the machine's place is not known; say it with --place LATITUDE,LONGITUDE"


def location(look: Look) -> Row:
    """Return where the machine is said to be."""
    title = "Location"
    if look.place is None:
        return Row("location", title, "unmeasured", _NOT_SAID)
    name = f"{look.place.name}, " if look.place.name else ""
    return Row("location", title, "information", f"{name}{look.place.latitude:.2f}, {look.place.longitude:.2f} (as declared)")


def egress(look: Look) -> Row:
    """Return the public addresses seen from outside, one for each way they were learned, and what they raise. Nothing is resolved."""
    title, rule = "Network egress", "the way out is in a cloud or a security service, or its facts disagree; ours"
    claims = list(_claims(look))
    if not any(one.source != "front-door" for one in claims):
        return Row("egress", title, "unmeasured", "no reflector is configured and no relay answered, so no public address was seen")
    truth = egress_truth(claims, _site(look), look.knowledge)
    told = "; ".join(f"{one.value} by {_BY[one.source]}" for one in dict.fromkeys(claims))
    asks = truth.raised or truth.agreement == "disagree"
    return Row("egress", title, "attention" if asks else "information", told, (*truth.raised, *truth.sentences), rule)


def _claims(look: Look) -> Iterator[Claim]:
    """Return what reflector, resolver, relay and front door each say."""
    for seen, facts in look.egress():
        if facts.address:
            asn = getattr(facts, "asn", None)
            yield address_claim("reflector", facts.address, look.knowledge, rtt_ms=seen.connect_ms, asn=asn)
    for relayed, relay in look.media():
        if relay.mapped:
            yield address_claim("relay", relay.mapped, look.knowledge, rtt_ms=relayed.rtt_ms)
    near = nearest_seen(look)
    if near is not None:
        yield front_door_claim(near[0].code, look.knowledge, near[1])


def _site(look: Look) -> Point | None:
    return Point(look.place.latitude, look.place.longitude, look.place.name) if look.place else None


def egress_distance(look: Look) -> Row:
    """Return how far the way out can be from here, bounded by a front door's place and the time to it."""
    title, rule = "Distance to egress", "over 500 miles (800 km); Microsoft's rule"
    if look.place is None:
        return Row("egress_distance", title, "unmeasured", _NOT_SAID, fails_when=rule)
    near = nearest_seen(look)
    if near is None:
        return Row("egress_distance", title, "unmeasured", "no front door named itself", fails_when=rule)
    door, rtt = near
    away = great_circle_km(look.place.latitude, look.place.longitude, door.latitude, door.longitude)
    reach = rtt_bound_km(rtt)
    told = f"front door {door.code} in {door.city} is {away:,.0f} km away and answers in {ms(rtt)}"
    if away - reach > look.limit("egress_km"):
        # The packets were faster there than light from here: the machine or its way out is not where it is said to be.
        bound = f"light in fibre goes at most {reach:,.0f} km in that time, so the way out is at least {away - reach:,.0f} km from here"
        return Row("egress_distance", title, "attention", f"{told}; {bound}", fails_when=rule)
    if away > look.limit("egress_km"):
        return Row(
            "egress_distance", title, "attention", f"{told}; traffic is served from afar: backhaul, or a far resolver", fails_when=rule
        )
    return Row("egress_distance", title, "pass", f"{told}; the way out is local as far as this can tell", fails_when=rule)


def nearest_seen(look: Look) -> tuple[FrontDoorPlace, float] | None:
    """Return the front door that answered fastest among those that named themselves, with its median connect time in ms."""
    times: dict[str, list[float]] = {}
    for sample, facts in look.web():
        if sample.front_door and sample.connect_ms is not None and facts.target.category != "Control":
            times.setdefault(sample.front_door, []).append(sample.connect_ms)
    placed = [(door, middle(found) or 0.0) for code, found in times.items() if (door := look.knowledge.front_door(code))]
    return min(placed, key=lambda one: one[1], default=None)


def nearby(_look: Look) -> Row:
    """Return why we do not compare with other companies."""
    told = "needs other customers' figures, which only Microsoft has; the centre compares your own sites"
    return Row(
        "nearby",
        "Better performance for others nearby",
        "unmeasured",
        told,
        fails_when="10 % or more of others do better; Microsoft's rule",
    )


def resolver(look: Look) -> Row:
    """Return which resolvers answered, and how far the front door they led to is."""
    title, rule = "DNS recursive resolver", "over 500 miles (800 km) away; Microsoft's rule"
    found = [facts.resolver for _, facts in look.dns() if facts.resolver]
    if not found:
        return Row("resolver", title, "unmeasured", "no resolver answered", fails_when=rule)
    who = ", ".join(dict.fromkeys(found))
    near = nearest_seen(look)
    if look.place is None or near is None:
        return Row("resolver", title, "information", f"{who}; its place is not known", fails_when=rule)
    away = great_circle_km(look.place.latitude, look.place.longitude, near[0].latitude, near[0].longitude)
    told = f"{who} leads to {near[0].city}, {away:,.0f} km from here"
    return Row("resolver", title, "attention" if away > look.limit("resolver_km") else "pass", told, fails_when=rule)
