"""`middlewatch-server plan`: keys, plans made and signed by hand, plans the centre issued. Only arguments and sentences live here."""

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from judge.knowledge.endpoints import Instance
from judge.knowledge.loader import load_knowledge
from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.fleet.issuer import ask_anew
from server.fleet.plans import BadKey, BadPlan, make_key, make_plan, sign_plan
from server.state import plans, standing
from server.state.database import Database
from server.state.plans import Issue

app = typer.Typer(no_args_is_help=True, help="Plans for agents: keys, signatures, what the centre issued.")
screen = Console()
NEWEST = 2**31 - 1
"""Above every version: the column is an integer of 32 bits."""
SHOWN = 50


@app.command()
def key(file: Path) -> None:
    """Make a signing key; print the public half for the agents' configuration."""
    try:
        typer.echo(make_key(file))
    except FileExistsError:
        raise fail([f"plan key: {file} is there already and is never overwritten; name another file"]) from None
    except OSError as error:
        raise fail([f"plan key: {file} cannot be written ({error.strerror}); name a file in a folder you can write"]) from None


@app.command()
def make(out: Path, instance: Instance = "Worldwide", tenant: str = "") -> None:
    """Write an instance's default plan (JSON) to look over and sign; with the tenant's own names when its name is given, as contoso."""
    try:
        out.write_bytes(make_plan(load_knowledge(), instance, tenant))
    except OSError as error:
        raise fail([f"plan make: {error.filename}: {error.strerror}; check the path and its permissions"]) from None
    except BadPlan as bad:
        raise fail([f"plan make: {bad}"]) from None
    typer.echo(f"made: {out}; sign it with middlewatch-server plan sign")


@app.command()
def sign(plan: Path, key: Path, out: Path) -> None:
    """Check a plan (JSON) and write it as a signed envelope."""
    try:
        out.write_bytes(sign_plan(plan.read_bytes(), key.read_bytes()))
    except OSError as error:
        raise fail([f"plan sign: {error.filename}: {error.strerror}; check the path and its permissions"]) from None
    except BadKey as bad:
        raise fail([f"plan sign: {key}: {bad}"]) from None
    except BadPlan as bad:
        raise fail([f"plan sign: {plan}: {bad}"]) from None
    typer.echo(f"signed: {out}")


@app.command()
def issued(config: ConfigFile, agent: str = "") -> None:
    """List the newest plans the centre issued, to whom and why, and how many agents say they follow theirs."""

    async def load(database: Database) -> tuple[list[Issue], int, int]:
        async with database.reading() as transaction:
            found = await plans.issued(transaction, NEWEST, SHOWN, agent or None)
            says = await standing.plans(transaction)
            newest = await plans.newest_versions(transaction, list(says))
        return found, sum(says[one] >= newest[one] for one in says), len(says)

    found, follow, known = do(with_database(settings_of(config), load))
    if not found:
        typer.echo("no plan was issued; write key = into [plans] (docs/feed.md)")
        return
    table = Table("version", "for", "issued", "why", box=None)
    for one in found:
        table.add_row(str(one.version), one.agent or "all agents", when(one.issued_ns), Text(one.reason))
    screen.print(table)
    typer.echo(f"{follow} of {known} agents follow their newest plan")


@app.command()
def show(version: int, config: ConfigFile) -> None:
    """Write one issued plan (JSON) to standard output."""

    async def load(database: Database) -> list[Issue]:
        async with database.reading() as transaction:
            return await plans.issued(transaction, version + 1, 1)

    found = do(with_database(settings_of(config), load)) if 0 < version < NEWEST else []
    if not found or found[0].version != version:
        raise fail([f"plan show: there is no version {version}; see middlewatch-server plan issued"], 1)
    typer.echo(json.dumps(json.loads(json.loads(found[0].envelope)["body"]), indent=1))


@app.command()
def issue(config: ConfigFile) -> None:
    """Have the running centre issue every plan anew, with a new version."""
    settings = settings_of(config)
    if settings.plans.key is None:
        raise fail(["plan issue: this centre issues no plans; write key = into [plans] (docs/feed.md)"], 1)
    do(with_database(settings, ask_anew))
    typer.echo("a running centre issues them within seconds; see middlewatch-server plan issued")
