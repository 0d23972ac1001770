"""One picture for all: read only on change, drawn once for everybody, kept while the database is away."""

import asyncio

from prometheus_client import generate_latest

from server.console.live import KEPT
from server.console.rendering import Choice
from tests.fakes import pictures
from tests.fakes.watched import Watched

CALM = pictures.picture(sites=2, inserted=False)


async def test_unchanged_is_not_read_again() -> None:
    """The same version within five seconds is not loaded twice; after them it is, for silence changes no row."""
    watched = Watched(CALM)
    await watched.live.refresh()
    await watched.look()
    assert watched.loader.loads == 1
    await watched.look(5)
    assert watched.loader.loads == 2


async def test_change_is_read_and_told() -> None:
    """Another version is loaded at once, and whoever waits is told."""
    watched = Watched(CALM)
    await watched.live.refresh()
    seen = await watched.live.newer(-1, 1)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(watched.live.newer(seen, 30), name="waiting")
        await asyncio.sleep(0)
        await watched.change(pictures.picture(sites=2))
    assert waiting.result() == seen + 1
    assert "Frankfurt: inspected" in (await watched.live.draw(Choice())).sections["headline"]


async def test_nothing_new_ends_the_waiting() -> None:
    """Without a change the same edition comes back after the time."""
    watched = Watched(CALM)
    await watched.live.refresh()
    seen = await watched.live.newer(-1, 0)
    assert await watched.live.newer(seen, 0) == seen


async def test_many_askers_in_one_moment_read_once() -> None:
    """Pages asked for at the same time share one reading."""
    watched = Watched(CALM)
    await asyncio.gather(*[watched.live.refresh() for _ in range(20)])
    assert watched.loader.loads == 1


async def test_a_page_waits_for_no_reading_while_somebody_watches() -> None:
    """The kept picture is drawn at once, as long as it is not stale; without watchers a page reads first."""
    watched = Watched(CALM)
    await watched.live.ready()
    with watched.live.watched():
        watched.loader.now += 1
        watched.now_ns += 4 * pictures.SECOND
        await watched.live.ready()
        assert watched.loader.loads == 1
        watched.now_ns += 2 * pictures.SECOND
        await watched.live.ready()
        assert watched.loader.loads == 2
    watched.loader.now += 1
    watched.now_ns += pictures.SECOND
    await watched.live.ready()
    assert watched.loader.loads == 3


async def test_drawn_once_for_each_edition_and_choice() -> None:
    """The same choice is drawn once for each edition; its timeline is read every three seconds at most."""
    watched = Watched(CALM)
    await watched.live.refresh()
    first = await watched.live.draw(Choice())
    assert await watched.live.draw(Choice()) is first
    await watched.change(CALM)
    assert await watched.live.draw(Choice()) is not first
    assert watched.charts.reads == 1
    await watched.change(CALM, after_s=3)
    await watched.live.draw(Choice())
    assert watched.charts.reads == 2


async def test_drawn_pages_are_bounded() -> None:
    """Whatever is asked for, only the newest views are kept."""
    watched = Watched(CALM)
    await watched.live.refresh()
    for number in range(KEPT + 20):
        await watched.live.draw(Choice("Lyon", target=str(number)))
    assert (len(watched.live._drawn), len(watched.live._read)) == (KEPT, KEPT)


async def test_database_away_keeps_the_last_picture() -> None:
    """The picture stays, the page says since when; when the database is back it is read again."""
    watched = Watched(CALM)
    await watched.live.refresh()
    watched.loader.away = True
    await watched.look(10)
    assert watched.live.away is not None
    page = await watched.live.draw(Choice())
    assert "does not answer since" in page.sections["headline"]
    assert "Lyon" in page.sections["sites"]
    watched.loader.away = False
    await watched.look()
    assert watched.live.away is None
    assert "does not answer" not in (await watched.live.draw(Choice())).sections["headline"]


async def test_nobody_watches_nothing_is_read() -> None:
    """The background looks only while somebody watches."""
    watched = Watched(CALM)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watched.live.run(), name="live")
        await asyncio.sleep(0)
        assert watched.loader.loads == 0
        task.cancel()
    with watched.live.watched():
        async with asyncio.TaskGroup() as group:
            task = group.create_task(watched.live.run(), name="live")
            while not watched.loader.loads:  # noqa: ASYNC110 - what is waited for is the task's own doing
                await asyncio.sleep(0)
            task.cancel()


async def test_drawing_is_measured() -> None:
    """How long drawing takes, and how many watch, are figures of the centre."""
    watched = Watched(CALM)
    await watched.live.refresh()
    await watched.live.draw(Choice())
    with watched.live.watched():
        told = generate_latest(watched.metrics).decode()
    assert "middlewatch_page_render_seconds_count 1.0" in told
    assert "middlewatch_page_viewers 1.0" in told
