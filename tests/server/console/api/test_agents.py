"""Holds server/console/api/agents.py: agents and sites as they stand, in pages."""

from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from server.console.api import agents
from server.console.api.route import Answer, Call, PageQuery
from server.watcher.refreshing import States
from tests.fakes import pictures
from tests.fakes.api import asking


async def test_agents(tmp_path: Path) -> None:
    """Everything that stands is listed by name, a page at a time; an agent nobody heard of is not found."""
    picture = pictures.picture(sites=3)
    async with asking(tmp_path) as ask:

        async def states(_now_ns: int) -> States:
            return States(picture.agents, picture.sites)

        means = replace(ask.means, states=states)
        standing = await _content(agents.standing(Call(means, {}, PageQuery(limit=2, after=""))))
        assert [one["site"] for one in standing["items"]] == sorted(one.site for one in picture.sites)[:2]
        assert standing["next"] == standing["items"][1]["site"]
        listed = await _content(agents.listed(Call(means, {}, PageQuery(limit=1000, after=""))))
        assert len(listed["items"]) == len(picture.agents)
        one = await _content(agents.shown(Call(means, {"id": picture.agents[0].agent})))
        assert one["state"] == picture.agents[0].state
        assert (await ask("GET", "/agents/nobody")).status == 404


async def _content(asked: Awaitable[Answer]) -> dict[str, Any]:
    content = (await asked).content
    assert isinstance(content, BaseModel)
    return content.model_dump(mode="json")
