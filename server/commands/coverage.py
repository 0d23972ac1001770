"""`middlewatch-server coverage SITE`: what is bypassed at a site, and the files that close its gaps. Arguments and sentences only."""

from typing import Annotated

import typer

from judge.knowledge.loader import load_knowledge
from server.commands.doing import ConfigFile, do, fail, settings_of, with_database
from server.reports import bypass_files
from server.reports.coverage import SiteCoverage, read
from server.state.database import Database


def coverage(
    site: Annotated[str, typer.Argument(help="the site, as the page calls it")],
    config: ConfigFile,
    *,
    pac: Annotated[bool, typer.Option("--pac", help="a fragment for the site's PAC file")] = False,
    prefixes: Annotated[bool, typer.Option("--prefixes", help="the prefixes to route past VPN and inspection")] = False,
    names: Annotated[bool, typer.Option("--list", help="the names to exempt from decryption")] = False,
) -> None:
    """Say which of Microsoft 365's names are bypassed at a site; or write the rules that close exactly its gaps."""
    if pac + prefixes + names > 1:
        raise fail(["coverage: write one of --pac, --prefixes and --list"])
    settings = settings_of(config)
    knowledge = load_knowledge(settings.collector.public_roots)

    async def load(database: Database) -> list[SiteCoverage]:
        async with database.reading() as transaction:
            return await read(transaction, [site], knowledge)

    found = do(with_database(settings, load))
    if not found:
        raise fail([f"coverage: no agent reports from {site!r} now; write the site as the page calls it"], 1)
    chosen = bypass_files.pac if pac else bypass_files.prefixes if prefixes else bypass_files.names if names else None
    typer.echo(chosen(found[0], knowledge) if chosen else bypass_files.table(found[0]), nl=False)
