"""`middlewatch-server feed`: which endpoint list is in use, ask now, what changed. Arguments and sentences only; the API does the same."""

import time

import typer

from judge.knowledge.files import KnowledgeError
from judge.knowledge.loader import load_bundle, load_knowledge
from judge.knowledge.model import Knowledge
from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.config import Settings
from server.feed import person
from server.feed.following import Following
from server.feed.standing import ListStanding, age
from server.state.database import Database

app = typer.Typer(no_args_is_help=True, help="Microsoft's endpoint list: which is in use, ask for a newer one, what changed.")


@app.command()
def status(config: ConfigFile) -> None:
    """Show which list each instance is judged by, from where, how old, and what is wrong."""
    settings = settings_of(config)

    async def load(database: Database) -> list[ListStanding]:
        knowledge = await _in_use(settings, database)
        return await person.lists_now(database, knowledge, settings.list_instances, time.time_ns())

    for one in do(with_database(settings, load)):
        source = "confirmed by the service" if one.source == "service" else "shipped with the software, made"
        typer.echo(f"{one.instance}: version {one.version}, {source} {age(one.age_ns)} ago{', old' if one.old else ''}")
        if one.trouble:
            typer.echo(f"  {one.trouble} ({one.failures} failure{'' if one.failures == 1 else 's'} in a row)")
        if settings.feed.enabled and one.next_ns:
            typer.echo(f"  asked again at {when(one.next_ns)}")
    if not settings.feed.enabled:
        typer.echo("the feed is off: nobody looks for a newer list; write enabled = true into [feed] (docs/feed.md)")


@app.command()
def check(config: ConfigFile) -> None:
    """Have the running centre ask Microsoft's web service now; refused within an hour of the last asking."""
    settings = settings_of(config)
    try:
        asked = do(with_database(settings, lambda database: person.ask_now(database, settings.feed, time.time_ns())))
    except person.NotNow as not_now:
        raise fail([f"feed: {not_now}"], 1) from None
    typer.echo(f"{', '.join(asked)}: a running centre asks within seconds; see middlewatch-server feed status")


@app.command()
def changes(config: ConfigFile) -> None:
    """List what changed in the lists, newest first, as it was told."""
    told = do(with_database(settings_of(config), lambda database: person.changes(database, 0, 50)))
    for _, row in told:
        typer.echo(f"{when(row.at_ns)}  {row.sentence}")
    if not told:
        typer.echo("no change was told yet")


async def _in_use(settings: Settings, database: Database) -> Knowledge:
    """Return the knowledge a centre of this configuration judges by; a bundle that is no good is left aside, as the centre does."""
    roots, bundle = settings.collector.public_roots, settings.knowledge.bundle
    try:
        base = load_bundle(bundle, settings.knowledge.raw_keys(), roots) if bundle is not None else load_knowledge(roots)
    except KnowledgeError:
        base = load_knowledge()
    return await Following(database, base).look() or base
