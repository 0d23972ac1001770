"""A file over the sites there are: a bad row spoils no good one, what is stored is never lost, order decides between equals only."""

from hypothesis import given
from hypothesis import strategies as st

from server.fleet.checking import Held, Trouble
from server.fleet.entries import Entry, merged
from server.fleet.importing import Import, Row, take
from server.fleet.registry import EgressRange, Place, Site

LYON, PORTO = Site("Lyon", Place(45, 4), owner="Ana", subnets=("10.1.0.0/24",)), Site("Porto", Place(41, -8), subnets=("10.2.0.0/24",))
SEEDS = {"Lyon": LYON, "Porto": PORTO}


def rows(*entries: Entry) -> list[Row]:
    """Return rows numbered from 2."""
    return [Row(number, entry.name, entry, columns={"subnets": "LanIps"}) for number, entry in enumerate(entries, 2)]


def outcomes(done: Import) -> list[str]:
    """Return what became of each row."""
    return [one.outcome for one in done.verdicts]


def test_new_changed_unchanged() -> None:
    """What a row does not say stays; what changes nothing is not stored; who entered a site first stays so."""
    stored = {"Porto": Entry("Porto", owner="Rui", origin="person")}
    said = [
        Entry("Lyon", Place(45, 4), origin="csv"),
        Entry("Porto", address="Rua", origin="csv"),
        Entry("Faro", Place(1, 2), origin="csv"),
    ]
    done = take(rows(*said), SEEDS, stored)
    assert outcomes(done) == ["unchanged", "changed", "new"]
    assert done.entries == {"Porto": Entry("Porto", address="Rua", owner="Rui", origin="person"), "Faro": said[2]}
    assert merged(SEEDS, {**stored, **done.entries})["Lyon"] == LYON
    assert (done.count("new"), done.count("refused")) == (1, 0)


def test_bad_rows_spoil_no_good_ones() -> None:
    """Read badly, wrong by itself, twice, clashing: each told with its column, the good ones are taken."""
    bad = Row(9, "", None, (Trouble("row", "is not UTF-8"),))
    entries = [
        Entry("Faro", Place(99, 0)),
        Entry("Braga", subnets=("10.3.0.0/24",)),
        Entry("Braga"),
        Entry("Evora", subnets=("10.1.0.0/25",)),
    ]
    done = take([*rows(*entries), bad], SEEDS, {})
    assert outcomes(done) == ["refused", "new", "refused", "refused", "refused"]
    assert [one.troubles[0].field for one in done.verdicts if one.troubles] == ["latitude", "name", "LanIps", "row"]
    assert "stands in row 3 already" in done.verdicts[2].troubles[0].text
    assert "a LAN of 'Lyon'" in done.verdicts[3].troubles[0].text
    assert list(done.entries) == ["Braga"]


def test_two_sites_may_change_their_networks() -> None:
    """In one file, whichever row is first."""
    done = take(rows(Entry("Lyon", subnets=("10.2.0.0/24",)), Entry("Porto", subnets=("10.1.0.0/24",))), SEEDS, {})
    assert outcomes(done) == ["changed", "changed"]


def test_a_refused_row_leaves_its_site_as_it_was_for_the_others_too() -> None:
    """Lyon may not take what Porto was to give up in a row that is refused."""
    done = take(rows(Entry("Lyon", subnets=("10.2.0.0/24",)), Entry("Porto", Place(99, 0), subnets=("10.5.0.0/24",))), SEEDS, {})
    assert outcomes(done) == ["refused", "refused"]
    assert done.entries == {}


def test_shared_networks_need_ways_out() -> None:
    """Two rows with one LAN: with egress ranges both are taken, without the second is refused."""
    ways = [(EgressRange("203.0.113.0/24"),), (EgressRange("198.51.100.0/24"),)]
    lan = ("192.168.1.0/24",)
    assert outcomes(take(rows(Entry("A", subnets=lan, egress=ways[0]), Entry("B", subnets=lan, egress=ways[1])), {}, {})) == ["new", "new"]
    assert outcomes(take(rows(Entry("A", subnets=lan, egress=ways[0]), Entry("B", subnets=lan)), {}, {})) == ["new", "refused"]


LANS = st.lists(st.sampled_from(["10.1.0.0/24", "10.1.0.0/16", "10.2.0.0/24", "10.3.0.0/24"]), max_size=2, unique=True).map(tuple)
ENTRIES = st.builds(
    lambda name, lat, subnets: Entry(name, Place(lat, 1), subnets=subnets),
    st.sampled_from(["Lyon", "Porto", "A", "B", "a", ""]),
    st.sampled_from([1, 99]),
    LANS,
)


@given(st.lists(ENTRIES, max_size=6))
def test_whatever_comes_the_sites_stay_sound(said: list[Entry]) -> None:
    """After any file no two sites clash, every row has one verdict, refused ones say why, and taking it again changes nothing."""
    file = rows(*said)
    done = take(file, SEEDS, {})
    assert [one.number for one in done.verdicts] == [row.number for row in file]
    assert all(bool(one.troubles) == (one.outcome == "refused") for one in done.verdicts)
    after = merged(SEEDS, done.entries)
    held = Held(after.values())
    assert not [trouble for site in after.values() for trouble in held.clashes(site)]
    assert set(after) >= set(SEEDS)
    again = take(file, SEEDS, done.entries)
    assert {"new"}.isdisjoint(outcomes(again))
