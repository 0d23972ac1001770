"""A changed gateway is told once, however often it is looked at and by whom."""

from sqlalchemy import select

from server.fleet.registry import Registry, Site
from server.state import assignments
from server.state.database import Database
from server.state.tables import event
from server.watcher.gateway_duty import GatewayDuty
from server.watcher.leading import Leadership

LYON = Registry({"Lyon": Site("Lyon", zone="Europe/Paris")})
NOW = 1_795_000_000 * 10**9


async def introduce(database: Database, now_ns: int, agent: str, gateway: str) -> None:
    """Make a row as a collector does."""
    body = b'{"gateway":"%s","network":"10.1.0.0/24"}' % gateway.encode()
    async with database.writing() as connection:
        await assignments.introduce(database, connection, {(agent, gateway): (body, "Lyon")}, now_ns)


async def test_a_changed_gateway_is_told_once(database: Database) -> None:
    """When the second agent agrees; not again by the same watcher, another one, or when the old one comes back."""
    lead = Leadership(database, "w", lambda: NOW)
    assert await lead.lead()
    duty = GatewayDuty(LYON)

    async def told() -> list[str]:
        await duty.step(lead)
        async with database.reading() as connection:
            return [row.sentence for row in await connection.execute(select(event).where(event.c.kind == "gateway-changed"))]

    for agent in "ab":
        await introduce(database, NOW - 10**17, agent, "g1")
    assert await told() == []
    for agent in "ab":
        await introduce(database, NOW - 5, agent, "g2")
    (sentence,) = await told()
    assert sentence.startswith("Lyon: network 10.1.0.0/24 has another gateway. 2 of 2 agents agree, since 2026-11-18")
    duty = GatewayDuty(LYON)
    await introduce(database, NOW - 4, "c", "g2")
    assert len(await told()) == len(await told()) == 1
    for agent in "ab":
        await introduce(database, NOW - 3, agent, "g3")
    assert len(await told()) == 2
