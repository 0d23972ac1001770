"""Migrations lead exactly to `tables.py`, forward only, with a copy before, and refuse what is not theirs."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, insert, select, text

from server.state import paths, tables
from server.state.database import StateUnavailable, open_database
from server.state.engine import make_engine
from server.state.migrate import HEAD, SCRIPTS, WrongSchema, upgrade
from server.state.tables import counter, metadata

SECOND_REVISION = '''"""Add a table."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.create_table("more", sa.Column("id", sa.Integer(), primary_key=True))
    {then}
'''


def newer(folder: Path, then: str = "pass") -> Path:
    """Return the scripts of a later version of this software."""
    scripts = folder / "later"
    shutil.copytree(SCRIPTS, scripts)
    (scripts / "versions" / "r9999_more.py").write_text(SECOND_REVISION.format(head=HEAD, then=then))
    return scripts


def beside(folder: Path, part: str) -> list[str]:
    """Return the files of a folder that have `part` in their names."""
    return sorted(file.name for file in folder.iterdir() if part in file.name)


def schema(file: Path) -> dict[str, str]:
    """Return SQLite's own words for every table and index of ours, blanks aside."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
        return {name: "".join(sql.split()) for name, sql in rows}


async def differences(state_url: str) -> list[object]:
    """Return what Alembic finds different between a database and `tables.py`: types, columns, indexes, constraints."""

    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    engine = make_engine(state_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def test_the_newest_revision_is_the_head() -> None:
    """The constant that spares a known database Alembic is the newest revision, and there is one line of them."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_migrations_lead_to_the_tables(state_url: str) -> None:
    """From an empty database, by Alembic's own comparison: types, columns, indexes, constraints."""
    await upgrade(state_url)
    assert await differences(state_url) == []


async def test_migrations_lead_to_the_tables_to_the_letter(tmp_path: Path) -> None:
    """SQLite stores the statements themselves: those of the migrations are those of the tables, defaults and order included."""
    await upgrade(f"sqlite+aiosqlite:///{tmp_path}/by-migration.db")
    engine = create_engine(f"sqlite:///{tmp_path}/by-tables.db")
    metadata.create_all(engine)
    engine.dispose()
    assert schema(tmp_path / "by-migration.db") == schema(tmp_path / "by-tables.db")


async def test_an_upgrade_keeps_the_rows_and_a_copy(tmp_path: Path) -> None:
    """An older file is copied beside itself, with what its log held, before the first statement."""
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
    database = await open_database(url)
    async with database.writing() as transaction:
        await transaction.execute(insert(counter), {"name": "n", "value": 7})
    await upgrade(url, scripts=newer(tmp_path), head="9999")  # the log of the open database is not in the file yet
    async with database.reading() as transaction:
        assert (await transaction.execute(select(counter.c.value))).scalar_one() == 7
        assert (await transaction.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == "9999"
    await database.close()
    with closing(sqlite3.connect(tmp_path / "state.db.before-9999")) as copy:
        assert copy.execute("SELECT value FROM counter").fetchall() == [(7,)]
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    assert beside(tmp_path, ".part") == []


async def test_a_new_database_needs_no_copy(tmp_path: Path) -> None:
    """Nothing is copied where there was nothing, nor where nothing changes."""
    for _ in range(2):
        await (await open_database(f"sqlite+aiosqlite:///{tmp_path}/state.db")).close()
    assert beside(tmp_path, ".before-") == []


async def test_an_upgrade_that_fails_changes_nothing(state_url: str, tmp_path: Path) -> None:
    """All statements of all revisions are one transaction."""
    await upgrade(state_url)
    with pytest.raises(ZeroDivisionError):
        await upgrade(state_url, scripts=newer(tmp_path, "1 / 0"), head="9999")
    await upgrade(state_url)
    engine = make_engine(state_url)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == HEAD
    await engine.dispose()


async def test_two_that_start_together(state_url: str) -> None:
    """Both come up over one complete set of tables, marked once with the newest revision; and both see each other's rows."""
    first, second = await asyncio.gather(open_database(state_url), open_database(state_url))
    async with first.writing() as transaction:
        await transaction.execute(insert(counter), {"name": "n", "value": 7})
    async with second.reading() as transaction:
        assert (await transaction.execute(select(counter.c.value))).scalars().all() == [7]
        assert (await transaction.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == [HEAD]
    await first.close()
    await second.close()
    assert await differences(state_url) == []


async def test_a_newer_database_is_refused(state_url: str, tmp_path: Path) -> None:
    """Never backward: one sentence with both revisions and the remedy."""
    await upgrade(state_url, scripts=newer(tmp_path), head="9999")
    with pytest.raises(StateUnavailable, match=f"revision 9999, which this software .revision {HEAD}. does not know; start the newer"):
        await open_database(state_url)


async def test_tables_without_a_revision_are_refused(tmp_path: Path) -> None:
    """Somebody else's tables, or a database from before the first release, are not touched."""
    engine = create_engine(f"sqlite:///{tmp_path}/state.db")
    metadata.create_all(engine)
    engine.dispose()
    with pytest.raises(WrongSchema, match="give an empty database"):
        await upgrade(f"sqlite+aiosqlite:///{tmp_path}/state.db")


async def test_the_second_revision_knows_where_agents_stand(state_url: str) -> None:
    """Agents of before stand where they were assigned last; what they run is unknown until they report again."""
    await upgrade(state_url, head="0001")
    engine = make_engine(state_url)
    async with engine.execution_options(writes=True).begin() as connection:
        for agent in ("moved", "nowhere"):
            await connection.execute(
                text("INSERT INTO agent (id, first_seen_ns, revision, latest_ns) VALUES (:id, 5, 7, 9)"), {"id": agent}
            )
        for site, valid_from in (("Lyon", 20), ("Porto", 0), ("Frankfurt", 10)):
            row = {"site": site, "valid": valid_from}
            await connection.execute(
                text("INSERT INTO assignment (agent, context, site, valid_from_ns, made_ns) VALUES ('moved', 'c', :site, :valid, 1)"), row
            )
    await upgrade(state_url)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(tables.agent).order_by(tables.agent.c.id))).all()
    await engine.dispose()
    assert [tuple(row) for row in rows] == [("moved", 5, 7, 9, "Lyon", 60.0, False, ""), ("nowhere", 5, 7, 9, "", 60.0, False, "")]
    assert await differences(state_url) == []


async def test_the_tenth_revision_keeps_runs(state_url: str) -> None:
    """Runs of before keep their rows and ids; when their later rounds were is not made up."""
    await upgrade(state_url, head="0009")
    engine = make_engine(state_url)
    columns = "id, agent, place, target, route, verdict, device_key, first_ns, last_ns, rounds, current, finding"
    async with engine.execution_options(writes=True).begin() as connection:
        row = "VALUES (7, 'a', 'Lyon', 'h:443', 'direct', 'inspected', 'instance:1', 10, 20, 3, true, :finding)"
        await connection.execute(text(f"INSERT INTO run ({columns}) {row}"), {"finding": b"{}"})
    await upgrade(state_url)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(tables.run))).all()
    await engine.dispose()
    keys = ("id", "agent", "place", "target", "route", "verdict", "device_key", "first_ns", "last_ns", "rounds", "current", "second_ns")
    assert [tuple(row._mapping[name] for name in keys) for row in rows] == [
        (7, "a", "Lyon", "h:443", "direct", "inspected", "instance:1", 10, 20, 3, True, 0)
    ]
    assert await differences(state_url) == []


async def test_the_eleventh_revision_keeps_findings_once(state_url: str) -> None:
    """What many runs say is kept once, and each run has it still; one that had none has none."""
    await upgrade(state_url, head="0010")
    engine = make_engine(state_url)
    columns = "id, agent, place, target, route, verdict, device_key, first_ns, last_ns, rounds, current, finding, second_ns, third_ns"
    async with engine.execution_options(writes=True).begin() as connection:
        for number, body in enumerate((b"{}", b'{"a":1}', b"{}", b""), start=7):
            row = f"VALUES ({number}, 'a', 'Lyon', 'h:443', 'direct', 'inspected', 'instance:1', {number}, 20, 3, true, :finding, 12, 13)"
            await connection.execute(text(f"INSERT INTO run ({columns}) {row}"), {"finding": body})
    await upgrade(state_url)
    async with engine.connect() as connection:
        found = await paths.by_id(connection, [7, 8, 9, 10])
        kept = (await connection.execute(select(tables.finding.c.body).order_by(tables.finding.c.body))).scalars().all()
    await engine.dispose()
    assert [(one.first_ns, one.finding, one.second_ns, one.third_ns) for one in found] == [
        (7, b"{}", 12, 13),
        (8, b'{"a":1}', 12, 13),
        (9, b"{}", 12, 13),
        (10, None, 12, 13),
    ]
    assert kept == [b'{"a":1}', b"{}"]
    assert await differences(state_url) == []


def test_a_known_database_needs_no_alembic(tmp_path: Path) -> None:
    """Opening a database that is up to date does not import it (0.2 s of every start)."""
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
    asyncio.run(upgrade(url))
    program = (
        "import asyncio, sys; from server.state.database import open_database\n"
        "async def main():\n    await (await open_database(sys.argv[1])).close()\n"
        "asyncio.run(main()); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, url], check=True, cwd=Path(__file__).parents[3])
