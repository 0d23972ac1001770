"""Coverage as files that close a site's gaps: a fragment for its PAC file, a prefix list, names. Text only; nothing is decided."""

import json
from collections.abc import Iterator, Sequence

from judge.knowledge.model import Knowledge
from server.reports.coverage import CATEGORIES, SiteCoverage, prefixes_of, published_for, rules_of
from wire.vocabulary import Category


def pac(one: SiteCoverage, knowledge: Knowledge) -> str:
    """Return a PAC fragment (JavaScript): a function, and how to use it. Names go in as JSON text, so none can end a string."""
    lines = [f"// {line}" for line in _head(one, knowledge)]
    lines += [
        "// Paste it into the PAC file, and begin FindProxyForURL with:",
        '//     if (middlewatchBypass(host)) return "DIRECT";',
        "function middlewatchBypass(host) {",
        "    host = host.toLowerCase();",
    ]
    for pattern in rules_of(one):
        test = f"shExpMatch(host, {json.dumps(pattern)})" if "*" in pattern else f"host === {json.dumps(pattern)}"
        lines.append(f"    if ({test}) return true;")
    return "\n".join([*lines, "    return false;", "}"]) + "\n"


def prefixes(one: SiteCoverage, knowledge: Knowledge) -> str:
    """Return the prefixes to be routed past VPN and inspection, one a line."""
    published = prefixes_of(one, knowledge)
    nameless = [gap.host for gap in one.gaps if not published_for(gap, knowledge)]
    told = [f"# {line}" for line in _head(one, knowledge)]
    if nameless:
        told.append(f"# No prefixes are published for {', '.join(nameless)}: bypass these by name.")
    return "\n".join([*told, *published]) + "\n"


def names(one: SiteCoverage, knowledge: Knowledge) -> str:
    """Return the names to be exempted from decryption, one a line, as firewalls and gateways take them."""
    return "\n".join([*(f"# {line}" for line in _head(one, knowledge)), *rules_of(one)]) + "\n"


def table(one: SiteCoverage) -> str:
    """Return the site's coverage as text: a line for each category, then each name."""
    return "\n".join(_table(one)) + "\n"


def _table(one: SiteCoverage) -> Iterator[str]:
    yield f"{one.site}: {one.agents} agent{'s' * (one.agents != 1)} report"
    for category in CATEGORIES:
        yield f"{category}: {share_words(one, category)}"
        for name in (name for name in one.names if name.category == category):
            optional = "" if name.ought else ", optional"
            seen = ", ".join(name.verdicts)
            told = f"{name.state}; {name.agree} of {name.reporting} agents; {seen}"
            yield f"  {_SHAPES[name.state]} {name.host} ({name.workload}{optional}): {told}"


_SHAPES = {"bypassed": "●", "not bypassed": "▲", "unknown": "○"}


def share_words(one: SiteCoverage, category: Category) -> str:
    """Return how much of a category is bypassed: `2 of 3 names bypassed, 1 not known`."""
    share = one.shares[category]
    unknown = f", {share.unknown} not known" if share.unknown else ""
    return f"{share.bypassed} of {share.known} names bypassed{unknown}" if share.known else f"no name is known{unknown}"


def _head(one: SiteCoverage, knowledge: Knowledge) -> Sequence[str]:
    """Return what the file is, as comment lines: site, what it holds, its source."""
    gaps = one.gaps
    what = f"{len(gaps)} name{'s' * (len(gaps) != 1)} that Microsoft asks to bypass and that a device stands before now"
    none = "Nothing is to be bypassed: no name that Microsoft asks to bypass has a device before it now."
    site = " ".join(one.site.split())
    return [
        f"Middlewatch: bypass rules for {site}.",
        f"For {what}." if gaps else none,
        f"By Microsoft's endpoint list, knowledge {knowledge.version}.",
    ]
