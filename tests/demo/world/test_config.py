"""The world's configuration: what is taken, and the sentence for each thing that is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.planning import default_plan
from demo.world.config import BadConfig, load, read

SITE: dict[str, Any] = {
    "name": "Lyon",
    "egress_address": "203.0.113.20",
    "resolver_address": "203.0.113.21",
    "front_door": "CDG",
    "latitude": 45.76,
    "longitude": 4.84,
    "delay_ms": 6,
}
GOOD: dict[str, Any] = {"folder": "/somewhere", "sites": [SITE]}


def test_good(tmp_path: Path) -> None:
    """A file with a folder and a site is enough; names default to those of the shipped plan."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps(GOOD))
    config = load(file)
    assert config.folder == Path("/somewhere")
    assert (config.sites[0].name, config.sites[0].delay_s, config.sites[0].front_door) == ("Lyon", 0.006, "CDG")
    assert config.hosts == tuple(dict.fromkeys(one.host for one in default_plan().targets if one.protocol != "turn"))
    assert read({**GOOD, "hosts": ["a.example", "a.example"]}).hosts == ("a.example",)


@pytest.mark.parametrize(
    ("plain", "sentence"),
    [
        ([], "world: the file is not a JSON object; write {...}"),
        ({**GOOD, "sties": []}, "world: the file: 'sties' is not known; write one of folder, hosts, sites"),
        ({"sites": [SITE]}, "world: folder is missing; write the path of a folder for keys and roots"),
        ({"folder": "x"}, 'world: sites is missing or empty; write [{"name": "Lyon", ...}]'),
        ({**GOOD, "sites": [3]}, "world: sites[0] is not a JSON object; write {...}"),
        ({**GOOD, "sites": [SITE, SITE]}, "world: sites: Lyon, Lyon: a name is there twice; every site needs its own"),
        ({**GOOD, "sites": [{**SITE, "name": ""}]}, "world: sites[0].name is missing; write the site's name"),
        (
            {**GOOD, "sites": [{**SITE, "front_door": "fra"}]},
            "world: sites[0].front_door: 'fra' is not the code of a front door; write for example \"FRA\"",
        ),
        (
            {**GOOD, "sites": [{**SITE, "egress_address": "::1"}]},
            "world: sites[0].egress_address: '::1' is not an IPv4 address; write for example \"203.0.113.10\"",
        ),
        ({**GOOD, "sites": [{**SITE, "latitude": 91}]}, "world: sites[0].latitude: 91 is not a number from -90 to 90"),
        (
            {**GOOD, "sites": [{**SITE, "quic": True}]},
            'world: sites[0].quic: True is not what a device does with QUIC; write "blocked" or "passed"',
        ),
        ({**GOOD, "sites": [{**SITE, "delay_ms": True}]}, "world: sites[0].delay_ms: True is not a number from 0 to 1000"),
        ({**GOOD, "hosts": []}, "world: hosts is not a list of names; leave it out for those of the shipped plan"),
        ({**GOOD, "hosts": ["../x"]}, "world: hosts: '../x' is not a host name; write for example \"outlook.office365.com\""),
    ],
)
def test_bad(plain: object, sentence: str) -> None:
    """Each problem is one sentence with place and remedy."""
    with pytest.raises(BadConfig) as caught:
        read(plain)
    assert str(caught.value) == sentence


def test_unreadable(tmp_path: Path) -> None:
    """A file that is not there, and one that is not JSON, are told as that."""
    with pytest.raises(BadConfig, match=r"missing\.json cannot be read \(No such file or directory\); name a JSON file"):
        load(tmp_path / "missing.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BadConfig, match=r"x\.json is not JSON \(Expecting"):
        load(tmp_path / "x.json")
