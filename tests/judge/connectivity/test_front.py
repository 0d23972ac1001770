"""Rows about lookups, front doors and throughput."""

from judge.connectivity.front import (
    buffer_bloat,
    codes_of,
    dns_time,
    download,
    exchange_front_door,
    nearest,
    potential,
    sharepoint_front_door,
)
from tests.fakes.looks import SYDNEY, look, lookup, web

FRA = web(front_door="FRA", connect_ms=9.0)


def test_lookups_are_told_by_their_median() -> None:
    """Below 100 ms passes; one slow name does not fail the row, a slow median does and names the hosts."""
    assert dns_time(look(lookup(), lookup(dns_ms=300.0), lookup(dns_ms=6.0))).state == "pass"
    row = dns_time(look(lookup(dns_ms=140.0)))
    assert (row.state, row.details) == ("attention", ("slow: outlook.office365.com",))
    assert dns_time(look(lookup(dns_ms=None, failure="dns_servfail"))).state == "unmeasured"


def test_codes_come_from_header_and_dns() -> None:
    """The same code twice is told as such; a code of the CNAME chain alone counts too, in any case."""
    assert codes_of(look(FRA, lookup(cnames=["x.example", "fra-efz.ms-acdc.office.com"])), "Exchange") == {"FRA": "header and DNS"}
    assert codes_of(look(FRA, lookup(cnames=["AMS-efz.ms-acdc.office.com"])), "Exchange") == {"FRA": "header", "AMS": "DNS"}


def test_the_nearest_front_door_passes() -> None:
    """Frankfurt by Frankfurt passes; by Singapore asks for attention and names the nearer one."""
    assert exchange_front_door(look(FRA)).state == "pass"
    row = exchange_front_door(look(web(front_door="SIN", connect_ms=170.0)))
    assert row.state == "attention"
    assert any("nearest known: " in line for line in row.details)


def test_codes_that_differ_are_told() -> None:
    """Header and DNS name two front doors: the lookup was not the connection's."""
    row = exchange_front_door(look(FRA, lookup(cnames=["SIN-efz.ms-acdc.office.com"])))
    assert any("not looked up where the connection was made" in line for line in row.details)


def test_unknown_codes_and_silence() -> None:
    """A code not in the list is new, never an attack; no code is information; no answer is not measured."""
    assert any("new, or not published" in line for line in exchange_front_door(look(web(front_door="QQQ", connect_ms=9.0))).details)
    assert sharepoint_front_door(look(web("microsoft.sharepoint.com", connect_ms=9.0))).state == "information"
    assert sharepoint_front_door(look(FRA)).state == "unmeasured"


def test_potential_improvement_is_bounded_by_light() -> None:
    """Own connect time minus the least through fibre to the nearest known front door."""
    assert potential(look(web(connect_ms=109.0))).value.startswith("at most 109 ms")
    assert potential(look(web(connect_ms=9.0), place=None)).state == "unmeasured"
    door = nearest(look(place=SYDNEY))
    assert door is not None
    assert door.country == "AU"


def test_no_download_without_being_asked() -> None:
    """Both rows say that none was configured."""
    assert {row(look(FRA)).state for row in (download, buffer_bloat)} == {"unmeasured"}
