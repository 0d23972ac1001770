"""`middlewatch-server case`: open, list, show, note, close, reopen, proof. Arguments and sentences only; the API does the same."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from judge.knowledge.files import KnowledgeError
from judge.knowledge.loader import load_knowledge
from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.config import Settings
from server.reports.case_report import CaseReport, closing, gather, proof, summary
from server.run import open_history
from server.sites import SiteSource
from server.state import cases as stored
from server.state.database import Database
from server.watcher import case_sentences
from server.watcher.casekeeping import Casework, Refused, Wish, line_of

app = typer.Typer(no_args_is_help=True, help="Bypass cases: from `please bypass` to `proved bypassed`.")
Number = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="the case, as `case list` shows it")]
By = Annotated[str, typer.Option("--by", help="who says so")]
screen = Console()


@app.command("open")
def open_case(
    config: ConfigFile,
    host: Annotated[list[str] | None, typer.Option("--host", help="a host to be bypassed; none: all that are held there now")] = None,
    site: Annotated[list[str] | None, typer.Option("--site", help="where; none: everywhere these hosts are held now")] = None,
    ticket: Annotated[str, typer.Option(help="the support request's number")] = "",
    title: str = "",
    by: By = "",
) -> None:
    """Open a case: its agents probe faster, each host is followed until it is proved bypassed, and a return is told."""
    wish = Wish(title, ticket, by, tuple(host or ()), tuple(site or ()))
    row = _act(settings_of(config), lambda work: work.open(wish))
    lines = _read(config, row.id).lines
    typer.echo(f"case {row.id} opened, {summary(lines)} now; see middlewatch-server case show {row.id}")


@app.command("list")
def list_cases(config: ConfigFile, *, every: Annotated[bool, typer.Option("--all", help="closed ones, too")] = False) -> None:
    """List open cases, newest first."""

    async def load(database: Database) -> list[tuple[stored.CaseRow, str]]:
        async with database.reading() as transaction:
            rows = await stored.listed(transaction, () if every else ("open", "proved", "broken"), limit=1000)
            lines = await stored.lines(transaction, [row.id for row in rows])
        return [(row, summary([line_of(one) for one in lines if one.case == row.id])) for row in rows]

    found = do(with_database(settings_of(config), load))
    if not found:
        typer.echo("no case is open; middlewatch-server case open --ticket NUMBER")
        return
    table = Table("case", "ticket", "state", "lines", "opened", "title", box=None)
    for row, told in found:
        table.add_row(str(row.id), Text(row.ticket or "-"), row.state, told, when(row.opened_ns), Text(row.title))  # Text: no markup in it
    screen.print(table)


@app.command()
def show(number: Number, config: ConfigFile) -> None:
    """Show a case: each host at each site, who agrees, since when; and its log."""
    report = _read(config, number)
    row = report.row
    typer.echo(
        f"{case_sentences.named(row.id, row.ticket)}: {row.state}. {row.title}. Opened {when(row.opened_ns)} by {row.opened_by or '-'}."
    )
    for line in report.lines:
        typer.echo(f"  {line.site}, {line.host}: {case_sentences.line_words(line, report.zone(line.site))}")
    typer.echo("log:")
    for entry in report.entries:
        typer.echo(f"  {when(entry.at_ns)}  {entry.by or 'Middlewatch'}: {entry.text}")


@app.command()
def note(number: Number, text: str, config: ConfigFile, by: By = "") -> None:
    """Write into a case's log; reminders wait anew."""
    _change(config, number, lambda work, row: work.note(row, by, text))
    typer.echo(f"case {number}: noted")


@app.command()
def close(number: Number, config: ConfigFile, by: By = "") -> None:
    """Close a case; its closing report goes to standard output and stays with it."""
    report = closing(_read(config, number), by)
    _change(config, number, lambda work, row: work.close(row, by, report))
    typer.echo(report, nl=False)


@app.command()
def reopen(number: Number, config: ConfigFile, by: By = "") -> None:
    """Open a closed case again; what was proved counts on."""
    row = _change(config, number, lambda work, row: work.reopen(row, by))
    typer.echo(f"case {number} is {row.state} again")


@app.command("proof")
def show_proof(number: Number, config: ConfigFile) -> None:
    """Write the proof as Markdown for the ticket; of a closed case, its closing report."""
    report = _read(config, number)
    typer.echo(report.row.report if report.row.state == "closed" else proof(report), nl=False)


def _read(config: ConfigFile, number: int) -> CaseReport:
    """Return all there is to say of a case, or raise the exit."""
    settings = settings_of(config)

    async def load(database: Database) -> CaseReport:
        history = open_history(settings)
        try:
            sites = SiteSource(settings, database)
            await sites.look()
            async with database.reading() as transaction:
                row = await stored.read(transaction, number)
                if row is None:
                    raise fail([_missing(number)], 1)
                return await gather(transaction, history, sites.registry, row, time.time_ns())
        finally:
            await history.close()

    return do(with_database(settings, load))


def _change(config: ConfigFile, number: int, use: Callable[[Casework, stored.CaseRow], Awaitable[stored.CaseRow | None]]) -> stored.CaseRow:
    async def change(work: Casework) -> stored.CaseRow | None:
        row = await stored.load(work.transaction, number)
        if row is None:
            raise Refused(_missing(number))
        return await use(work, row)

    return _act(settings_of(config), change)


def _act(settings: Settings, use: Callable[[Casework], Awaitable[stored.CaseRow | None]]) -> stored.CaseRow:
    """Do one thing in a transaction of its own, or raise the exit with the reason."""

    async def act(database: Database) -> stored.CaseRow:
        sites = SiteSource(settings, database)
        await sites.look()
        try:
            knowledge = load_knowledge(settings.collector.public_roots)
        except KnowledgeError as error:
            raise fail([f"config: {error}"]) from None
        async with database.writing() as transaction:
            row = await use(Casework(database, transaction, time.time_ns(), knowledge, sites.registry, settings.cases))
            if row is None:
                raise Refused("somebody changed the case at the same moment; do it again")
            return row

    try:
        return do(with_database(settings, act))
    except Refused as refused:
        raise fail([f"case: {refused}"], 1) from None


def _missing(number: int) -> str:
    return f"there is no case {number}; see middlewatch-server case list --all"
