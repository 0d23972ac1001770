"""The PostgreSQL fixture: databases are apart, and what was committed survives SIGKILL."""

from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from server.state.database import open_database
from tests.servers.postgres import Postgres

kept = Table("kept", MetaData(), Column("id", Integer, primary_key=True))


async def test_survives_kill(postgres: Postgres) -> None:
    """A committed row is there after SIGKILL and a start on the same port; a fresh database knows nothing of it."""
    url = postgres.fresh()
    database = await open_database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(kept.metadata.create_all)
        await connection.execute(insert(kept).values(id=7))
    await database.close()
    postgres.kill()
    assert not postgres.running
    postgres.start()
    database = await open_database(url)
    async with database.reading() as connection:
        assert (await connection.execute(select(kept.c.id))).scalars().all() == [7]
    await database.close()
    assert postgres.fresh() != url
