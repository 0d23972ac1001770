"""A disclosure as Markdown, to paste into a support request. Text only."""

from collections.abc import Iterator

from server.reports import disclosure_words as words
from server.reports.disclosure import Device, Disclosure
from server.reports.markdown import host, table, text

SITES_LISTED = 20
"""Places and coverages listed in the text; the JSON has all."""


def render(one: Disclosure) -> str:
    """Return the document."""
    return "\n".join(_lines(one)) + "\n"


def _lines(one: Disclosure) -> Iterator[str]:
    yield f"# {words.TITLE}: {text(one.scope)}"
    yield ""
    yield f"**{text(one.headline)}**"
    yield ""
    yield text(words.intro(one))
    if one.lab:
        yield ""
        yield "**Laboratory: some agents' trust and connections were set by hand. This is no statement about a production network.**"
    yield ""
    yield "## The classes of Microsoft's article"
    yield ""
    yield from table(
        ["class", "here"], [[text(each.name), text(", ".join(each.devices)) or "none seen or entered"] for each in one.classes]
    )
    for device in one.devices:
        yield from _device(device)
    if one.signs:
        yield from ["", "## Signs of a device that is not recognised", ""]
        signs = [[text(each.site), host(each.host), text(each.doing), words.moment(each.since), str(each.agents)] for each in one.signs]
        yield from table(["site", "host", "is", "since", "agents that see it"], signs)
    yield from _bypassed(one)
    yield from ["", "## Microsoft's position, in our words", ""]
    for position in one.positions:
        yield f"- **{text(position.traffic)}**: {text(position.says)}"
    yield from (f"- **{text(duty.title)}.** {text(duty.text)}" for duty in one.duties)
    yield from ["", "Read on:", ""]
    yield from (f"- {text(link.title)}: <{link.url}>" for link in words.links(one))
    yield from ["", "## What is not known", ""]
    yield from (f"- {text(each)}" for each in one.unknowns)


def _device(one: Device) -> Iterator[str]:
    state = "" if one.present else " (no longer there)"
    yield from ["", f"## {'▲' if one.decrypting.startswith('yes') else '◇'} {text(one.name)}{state}", ""]
    yield from (f"- {heading}: {text(value)}" for heading, value in words.facts(one))
    yield from ["", "Where and since when:", ""]
    yield from (f"- {text(words.place(each))}" for each in one.places[:SITES_LISTED])
    if len(one.places) > SITES_LISTED:
        yield f"- and {len(one.places) - SITES_LISTED} more sites, in the JSON"
    if one.hosts:
        yield ""
        rows = [
            [host(each.host), text(words.host_words(each)), text(each.doing), words.moment(each.since, words.zone_of(one))]
            for each in one.hosts
        ]
        yield from table(["affected host", "category", "is", "since"], rows)
    if one.evidence:
        yield from ["", "What proves it:", ""]
        yield from (f"- {text(each.text)} ({text(each.known)})" for each in one.evidence)
        yield from ([f"- {text(one.why_not)}"] if one.why_not else [])
    if one.native:
        yield from ["", f"Instead: {text(one.native)}"]


def _bypassed(one: Disclosure) -> Iterator[str]:
    yield from ["", "## What is bypassed now", ""]
    if not one.coverage:
        yield "No agent reports now, so nothing can be said."
        return
    rows = []
    for each in one.coverage[:SITES_LISTED]:
        names = [", ".join(host(name) for name in listed) or "none" for listed in (each.not_bypassed, each.bypassed)]
        rows.append([text(each.site), text(words.share_words(each)), *names])
    yield from table(["site", "bypassed, by category", "not bypassed", "bypassed"], rows)
    if len(one.coverage) > SITES_LISTED:
        yield ""
        yield f"And {len(one.coverage) - SITES_LISTED} more sites, in the JSON."
