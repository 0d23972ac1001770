"""The data files to one Knowledge, and what no row can say alone. Pure; starts with `assemble`.

Nothing is taken in part: the first fault ends it, told with file and row.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import get_args

from judge.chain import Roots, pem_to_der
from judge.knowledge.assessment import Assessment, Curve, EModel, Meaning, Threshold, ThresholdId
from judge.knowledge.bundle import DATES, edition_of
from judge.knowledge.endpoints import EndpointSet, Instance
from judge.knowledge.files import Files, KnowledgeError, checked
from judge.knowledge.model import (
    UDP,
    Authorities,
    Engine,
    FrontDoorPlace,
    Host,
    Knowledge,
    Limits,
    Link,
    Native,
    Product,
    Representative,
    Weight,
)
from judge.knowledge.networks import Network, NetworkTable
from judge.knowledge.positions import TRAFFIC, Position
from judge.knowledge.signatures import HeaderMark, LocalMark, PageMark, ProxyName, SelfProbe

ENDPOINT_FILES: dict[Instance, str] = {
    "Worldwide": "endpoints.json",
    "China": "endpoints-china.json",
    "USGovGCCHigh": "endpoints-gcchigh.json",
    "USGovDoD": "endpoints-dod.json",
}
FILES: tuple[str, ...] = (
    *ENDPOINT_FILES.values(),
    *(DATES, "authorities.csv", "intermediates.pem", "front_doors.csv", "prefixes.csv"),
    *("products.toml", "headers.toml", "pages.toml", "selfid.toml", "proxies.toml", "local.toml", "networks.toml"),
    *("targets.toml", "hosts.toml", "thresholds.toml", "positions.toml", "assessment.toml", "guidance.toml"),
)
"""All data files by name: what a bundle may hold."""
_SIGNAL_WEIGHTS = {
    *("public_trust_failure", "unconfirmed_trust_failure", "incomplete_chain", "untrusted_chain", "name_mismatch", "public_chain"),
    *("no_sct", "sct_present", "shared_key"),
}
"""Signals that are weighed; the others are notes."""
_VENDOR_WEIGHTS = {"header", "page", "self", "proxy_name", "egress", "egress_shared", "local"}


def assemble(read: Callable[[str], bytes], bundle: bytes) -> Knowledge:
    """Return the knowledge of the files `read` gives by name; `bundle` is the PEM of the public roots. Raises KnowledgeError."""
    files = Files(read)
    targets = files.rows("targets.toml", "target", Representative)
    instances = {instance: files.endpoints(name) for instance, name in ENDPOINT_FILES.items()}
    knowledge = Knowledge(
        version="",
        as_of=str(files.toml(DATES).get("as_of", "")),
        edition=edition_of(files.read(DATES)),
        endpoints=instances["Worldwide"],
        instances=instances,
        authorities=_authorities(files, "authorities.csv"),
        products=files.rows("products.toml", "product", Product),
        engines=files.rows("products.toml", "engine", Engine),
        headers=files.rows("headers.toml", "header", HeaderMark),
        pages=files.rows("pages.toml", "page", PageMark),
        self_probes=files.rows("selfid.toml", "probe", SelfProbe),
        proxy_names=files.rows("proxies.toml", "name", ProxyName),
        local=files.rows("local.toml", "mark", LocalMark),
        networks=_networks(files),
        targets=targets,
        representatives=tuple(row for row in targets if row.instance == "Worldwide" and row.tenant != "needed"),
        hosts=files.rows("hosts.toml", "host", Host),
        weights={row.signal: row for row in files.rows("thresholds.toml", "weight", Weight)},
        product_weights=files.numbers("thresholds.toml", "product_weight"),
        vendor_weights=files.numbers("thresholds.toml", "vendor_weight"),
        limits=files.table("thresholds.toml", "limits", Limits),
        assessment=_assessment(files, "assessment.toml"),
        positions={row.traffic: row for row in files.rows("positions.toml", "position", Position)},
        links=files.rows("guidance.toml", "link", Link),
        natives={row.device_class: row.text for row in files.rows("guidance.toml", "native", Native)},
        front_doors=_front_doors(files, "front_doors.csv"),
        lists=_lists(files),
        roots=Roots([*pem_to_der(bundle), *pem_to_der(files.read("intermediates.pem"))], hashlib.sha256(bundle).hexdigest()[:16]),
    )
    _check_names(knowledge)
    _check_targets(knowledge)
    _check_whole(knowledge)
    object.__setattr__(knowledge, "version", f"{knowledge.as_of}+{files.digest(bundle)[:8]}")
    return knowledge


def _lists(files: Files) -> dict[Instance, str]:
    """Return the state of each list as the web service would number it; where the manifest does not say, its own date."""
    dates = files.toml(DATES)
    told = dates.get("endpoints_as_of", {})
    as_of = dates.get("as_of", "")
    found = {instance: told.get(instance, as_of) if isinstance(told, dict) else as_of for instance in ENDPOINT_FILES}
    return {instance: f"{str(day).replace('-', '')}00" for instance, day in found.items()}


def _authorities(files: Files, name: str) -> Authorities:
    rows = [row for _, row in files.lines(name, "subject_cn", "grade", "origin")]
    return Authorities(frozenset(row["subject_cn"] for row in rows), frozenset(row["spki_sha256"] for row in rows if row["spki_sha256"]))


def _front_doors(files: Files, name: str) -> dict[str, FrontDoorPlace]:
    places: dict[str, FrontDoorPlace] = {}
    for number, row in files.lines(name, "code", "city"):
        place = checked(name, f"line {number}", partial(FrontDoorPlace.model_validate, row))
        if place.code in places:
            raise KnowledgeError(f"{name}: line {number}: {place.code} is written twice; keep one")
        places[place.code] = place
    return places


def _networks(files: Files) -> NetworkTable:
    rows = files.rows("networks.toml", "network", Network)
    return NetworkTable(rows, files.prefixes("prefixes.csv", {one.id for one in rows}))


def _assessment(files: Files, name: str) -> Assessment:
    return Assessment(
        {row.id: row for row in files.rows(name, "threshold", Threshold)},
        {row.workload: row for row in files.rows(name, "curve", Curve)},
        files.table(name, "emodel", EModel),
        tuple(sorted(files.rows(name, "meaning", Meaning), key=lambda row: -row.points)),
    )


def _check_names(knowledge: Knowledge) -> None:
    """Ids are unique, and every product a mark or a network names is in the catalogue."""
    products = {one.id for one in knowledge.products}
    marks: dict[str, Iterable[tuple[str, str | None]]] = {
        "products.toml": [(one.id, one.id) for one in knowledge.products],
        "thresholds.toml": [(one, None) for one in knowledge.weights],
        "headers.toml": [(one.id, one.product) for one in knowledge.headers],
        "pages.toml": [(one.id, one.product) for one in knowledge.pages],
        "selfid.toml": [(one.id, one.product) for one in knowledge.self_probes],
        "proxies.toml": [(one.id, one.product) for one in knowledge.proxy_names],
        "local.toml": [(one.id, one.product) for one in knowledge.local],
        "networks.toml": [(one.id, one.product) for one in knowledge.networks.networks],
    }
    for name, named in marks.items():
        seen: set[str] = set()
        for one, product in named:
            if one in seen:
                raise KnowledgeError(f"{name}: {one} is written twice; keep one")
            seen.add(one)
            if product is not None and product not in products:
                raise KnowledgeError(f"{name}: {one}: product {product!r} is not in products.toml; add it there, or correct the name")


def _check_targets(knowledge: Knowledge) -> None:
    """Each target is in the set it claims, a control in none of any instance, and each instance has one default control."""
    for row in knowledge.targets:
        place, host = f"targets.toml: [[target]] {row.host}", row.host.replace("{tenant}", "contoso")
        if row.control:
            found = next((one for each in knowledge.instances.values() if (one := each.find(host, row.port))), None)
            if found is not None:
                raise KnowledgeError(f"{place}: a control must not be Microsoft's, but it is in set {found.id}")
            continue
        found = _set_of(knowledge, row, host)
        if found is None or found.id != row.endpoint_set:
            is_in = f"set {found.id}" if found else "no set"
            raise KnowledgeError(f"{place}: endpoint_set {row.endpoint_set}, but the endpoint list says {is_in}")
    for instance in knowledge.instances:
        if sum(row.control and row.default and row.instance == instance for row in knowledge.targets) != 1:
            raise KnowledgeError(f"targets.toml: exactly one row of {instance} has control = true and default = true")


def _set_of(knowledge: Knowledge, row: Representative, host: str) -> EndpointSet | None:
    """Return the set of a target by name, or for a media relay, whose set lists prefixes only, by id and UDP port."""
    listed = knowledge.instances[row.instance]
    found = listed.find(host, row.port, udp=row.protocol in UDP)
    if found is not None or row.protocol != "turn":
        return found
    media = listed.by_id(row.endpoint_set)
    return media if media is not None and media.has_port(row.port, udp=True) and listed.find(host) is not None else None


def _check_whole(knowledge: Knowledge) -> None:
    """Every grade, method and weighed signal has its weight, every threshold, curve and position is there."""
    for place, needed, there in (
        ("thresholds.toml: [product_weight]", {"L", "A", "B", "C", "engine"}, set(knowledge.product_weights)),
        ("thresholds.toml: [vendor_weight]", _VENDOR_WEIGHTS, set(knowledge.vendor_weights)),
        ("thresholds.toml: [[weight]]", _SIGNAL_WEIGHTS, set(knowledge.weights)),
        ("assessment.toml: [[threshold]]", set(get_args(ThresholdId)), set(knowledge.assessment.thresholds)),
        ("assessment.toml: [[curve]]", {"Exchange", "SharePoint", "Teams"}, set(knowledge.assessment.curves)),
        ("positions.toml: [[position]]", set(TRAFFIC), set(knowledge.positions)),
        ("guidance.toml: [[native]]", {"unknown"}, set(knowledge.natives)),
    ):
        if needed - there:
            raise KnowledgeError(f"{place}: {', '.join(sorted(needed - there))} is missing; write it")
