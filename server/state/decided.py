"""What the watcher decided of agents and sites, as rows: episodes of trouble and the words believed of a site. Statements only."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.standing_tables import episode, site_word
from server.watcher.episodes import Episode
from server.watcher.steady import Word

Name = tuple[str, str]
"""Scope and kind of an episode; site and name of a word."""


_EPISODES = select(*[episode.c[name] for name in ("scope", "kind", "state", "since_ns", "number")])
_WORDS = select(*[site_word.c[name] for name in ("site", "name", "value", "since_ns", "number", "next", "next_ns")])


async def episodes(connection: AsyncConnection, kinds: Collection[str] = ()) -> dict[Name, Episode]:
    """Return all episodes, or those of these kinds, each as it stands: there is one row for a scope and kind that was ever in doubt."""
    query = _EPISODES.where(episode.c.kind.in_(kinds)) if kinds else _EPISODES
    return {(row[0], row[1]): Episode(*row[2:]) for row in await connection.execute(query)}


async def write_episodes(database: Database, connection: AsyncConnection, changed: Mapping[Name, Episode]) -> None:
    """Store episodes as they stand now."""
    rows = [
        {"scope": scope, "kind": kind, "state": one.state, "since_ns": one.since_ns, "number": one.number}
        for (scope, kind), one in sorted(changed.items())
    ]
    await _replace(database, connection, episode, rows, ("scope", "kind"))


async def words(connection: AsyncConnection, sites: Collection[str] = ()) -> dict[Name, Word]:
    """Return what is believed of all sites, or of these."""
    query = _WORDS.where(site_word.c.site.in_(sites)) if sites else _WORDS
    return {(row[0], row[1]): Word(*row[2:]) for row in await connection.execute(query)}


async def write_words(database: Database, connection: AsyncConnection, changed: Mapping[Name, Word]) -> None:
    """Store what is believed now."""
    rows = [
        {"site": site, "name": name, "value": one.value, "since_ns": one.since_ns, "number": one.number}
        | {"next": one.next, "next_ns": one.next_ns}
        for (site, name), one in sorted(changed.items())
    ]
    await _replace(database, connection, site_word, rows, ("site", "name"))


async def _replace(database: Database, connection: AsyncConnection, table: Table, rows: list[dict[str, Any]], key: tuple[str, str]) -> None:
    if not rows:
        return
    insert = sqlite.insert(table) if database.is_sqlite else postgresql.insert(table)
    newer = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in key}
    await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=newer), rows)
