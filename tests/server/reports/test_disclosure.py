"""Holds server/reports/disclosure.py: the first sentence says how many devices, which decrypt, what is gone, and no more."""

import json

from server.reports.disclosure import Device, Disclosure, Sign, headline


def device(name: str, decrypting: str = "yes", *, manual: bool = True) -> Device:
    """Return a device; one that is not entered by hand and stands nowhere has left."""
    texts = ("id", "device_class", "class_name", "vendor", "product", "possible", "sure", "deployment", "deployment_by", "issuer", "owner")
    plain = dict.fromkeys((*texts, "contact", "note", "disposition", "why_not", "native"), "")
    lists: dict[str, list[object]] = {"places": [], "hosts": [], "evidence": []}
    more = {"name": name, "decrypting": decrypting, "manual": manual, "in_article": False, "confidence": 0.0, "first_seen": None}
    return Device.model_validate({**plain, **lists, **more})


def test_headlines() -> None:
    """One, several, none, gone, nobody looked."""
    assert headline("Lyon", [device("X")], [], 2) == "Lyon: 1 device stands in the path of Microsoft 365: X. It decrypts traffic."
    many = [device(name, "not seen" if name == "B" else "yes") for name in "ABCDE"]
    assert (
        headline("Lyon", many, [], 2)
        == "Lyon: 5 devices stand in the path of Microsoft 365: A, B, C and 2 more. 4 of them decrypt traffic."
    )
    gone = headline("Lyon", [device("X", manual=False)], [], 2)
    assert gone == "Lyon: no device is seen in the path of Microsoft 365 now. 1 other stood there in this time and left."
    assert headline("Lyon", [], [], 0).startswith("Lyon: no agent reported in this time")
    sign = Sign.model_validate({"site": "Lyon", "host": "a", "doing": "blocked", "agents": 1, "since": "2026-11-25T00:00:00Z"})
    assert headline("Lyon", [], [sign], 1).endswith("1 host shows signs of a device that is not recognised.")


def test_the_schema_says_its_version() -> None:
    """Fields are added, never renamed: whoever reads the JSON can tell."""
    assert json.loads(json.dumps(Disclosure.model_json_schema()))["properties"]["schema_version"]["default"] == 1
