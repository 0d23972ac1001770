"""Answers target by target, on both databases: where somebody is cut off, and what a place says of each target."""

from server.state import answers
from server.state.database import Database
from tests.fakes.sightings import MINUTE, START, Seen
from tests.fakes.standing import Fleet

UP: dict[str, Seen] = {"one": "clean", "two": "clean"}


async def test_who_is_cut_off_where(database: Database) -> None:
    """Two rounds make it sure; a first one is a lost packet, and who has moved is cut off nowhere."""
    fleet = Fleet(database)
    for _ in range(2):
        await fleet.report("a", UP | {"one": "unreachable"})
        await fleet.report("b", UP, place="Lyon")
        fleet.now_ns += MINUTE
    await fleet.report("b", {"one": "unreachable"}, place="Lyon")
    async with database.reading() as transaction:
        assert await answers.places_with(transaction, ["unreachable"]) == {"Porto"}
        found = await answers.answers_at(transaction, ["Porto"])
        assert await answers.answers_at(transaction, []) == []
    assert [(one.agent, one.target, one.verdict, one.rounds) for one in found] == [
        ("a", "one:443", "unreachable", 2),
        ("a", "two:443", "clean", 2),
    ]
    await fleet.move("a", "Nowhere")
    async with database.reading() as transaction:
        assert await answers.places_with(transaction, ["unreachable"]) == set()


async def test_what_a_place_says(database: Database) -> None:
    """Agents are counted by verdict; who was not heard since then has no say."""
    fleet = Fleet(database)
    await fleet.report("old", UP)
    fleet.now_ns += MINUTE
    for name in ("a", "b"):
        await fleet.report(name, UP)
    async with database.reading() as transaction:
        found = await answers.said(transaction, START + MINUTE)
    assert found == [answers.Said("Porto", "direct", f"{host}:443", "clean", 2) for host in ("one", "two")]
