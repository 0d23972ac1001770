"""`middlewatch-server disclose`: what stands in the path, as Microsoft's support asks to be told. Arguments and sentences only."""

import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated

import typer

from judge.knowledge.loader import load_knowledge
from server.commands.doing import ConfigFile, do, fail, settings_of, with_database
from server.reports import disclosure_markdown, disclosure_page
from server.reports.disclosing import assemble
from server.reports.disclosure import Disclosure
from server.reports.gathering import Asked, gather
from server.run import open_history
from server.sites import SiteSource
from server.state.database import Database

DAYS = 30
"""Days back without --since: a support request is about the last weeks."""


def disclose(
    config: ConfigFile,
    *,
    site: Annotated[list[str] | None, typer.Option("--site", help="a site; may be repeated")] = None,
    fleet: Annotated[bool, typer.Option("--fleet", help="all sites")] = False,
    since: Annotated[str, typer.Option(help="a day or a time, as 2026-11-01 or 2026-11-01T08:00+01:00; without: 30 days ago")] = "",
    until: Annotated[str, typer.Option(help="the same; without: now")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="for the ticket (the default)")] = False,
    html: Annotated[bool, typer.Option("--html", help="one page to mail or print")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="all of it")] = False,
) -> None:
    """Write the disclosure of third-party devices for a site or the fleet."""
    if bool(site) == fleet:
        raise fail(["disclose: name a site with --site, or say --fleet"])
    if markdown + html + as_json > 1:
        raise fail(["disclose: write one of --markdown, --html and --json"])
    now_ns = time.time_ns()
    until_ns = _moment("--until", until) or now_ns
    since_ns = _moment("--since", since) or until_ns - DAYS * 86_400 * 10**9
    if since_ns >= until_ns:
        raise fail(["disclose: --since is not before --until; exchange them"])
    settings = settings_of(config)
    knowledge = load_knowledge(settings.collector.public_roots)
    asked = Asked(tuple(site or ()), since_ns, until_ns, now_ns, f"middlewatch {version('middlewatch')}")

    async def make(database: Database) -> Disclosure:
        history = open_history(settings)
        try:
            sites = SiteSource(settings, database)
            await sites.look()
            async with database.reading() as transaction:
                found = await gather(transaction, history, sites.registry, knowledge, asked)
            missing = [one for one in asked.sites if one not in sites.registry.sites and one not in found.agents]
            if missing:
                raise fail([f"disclose: {missing[0]!r} is no site, and no agent reported from it then; write it as the page does"], 1)
            return assemble(found)
        finally:
            await history.close()

    one = do(with_database(settings, make))
    render = disclosure_page.render if html else Disclosure.model_dump_json if as_json else disclosure_markdown.render
    typer.echo(render(one), nl=as_json)


def _moment(name: str, text: str) -> int:
    """Return a time in Unix ns, 0 for none; a bare day begins in UTC. Raises the exit."""
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise fail([f"disclose: {name}: {text!r} is no time; write 2026-11-01 or 2026-11-01T08:00+01:00"]) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * 10**9
