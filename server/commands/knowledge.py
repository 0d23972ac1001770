"""`middlewatch-server knowledge`: sign a folder of data files as a bundle, check one. Only arguments and sentences live here.

Exit status as in `server/cli.py`: 0 done, 2 it could not be done, with one sentence.
"""

from pathlib import Path
from typing import Annotated

import typer

from judge.knowledge.assembly import FILES, assemble
from judge.knowledge.bundle import manifest_of, open_bundle, pack
from judge.knowledge.files import KnowledgeError
from judge.knowledge.loader import DATA, load_bundle, public_root_pem, read_data
from server.config import BadConfiguration, load_settings
from server.fleet.plans import BadKey, key_id, private_key

app = typer.Typer(no_args_is_help=True, help="The knowledge judgements are made by: sign a newer one, check it.")
ConfigFile = Annotated[Path, typer.Option("--config", help="the server's TOML file, for the keys it trusts")]


@app.command()
def sign(folder: Path, key: Path, out: Path) -> None:
    """Check the data files in a folder and write them as one signed bundle. Files the folder lacks stay as shipped."""
    try:
        files = read_data(folder)
        manifest = manifest_of(files, FILES)
        checked = assemble(lambda name: files[name] if name in files else (DATA / name).read_bytes(), public_root_pem())
        signer = private_key(key.read_bytes())
        out.write_bytes(pack(files, manifest, key_id(signer), signer.sign(manifest.encode())))
    except KnowledgeError as error:
        raise _fail(f"knowledge sign: {error}") from None
    except BadKey as bad:
        raise _fail(f"knowledge sign: {key}: {bad}") from None
    except OSError as error:
        raise _fail(f"knowledge sign: {error.filename}: {error.strerror}; check the path and its permissions") from None
    typer.echo(f"signed: {out}, edition {checked.edition}, {len(files)} files, key {key_id(signer)}")


@app.command()
def check(bundle: Path, config: ConfigFile) -> None:
    """Say whether this centre would take a bundle, and what it holds."""
    try:
        keys = load_settings(config).knowledge.raw_keys()
        found = load_bundle(bundle, keys)
        opened = open_bundle(bundle.read_bytes(), keys, FILES)
    except KnowledgeError as error:
        raise _fail(f"knowledge check: {error}") from None
    except BadConfiguration as bad:
        raise _fail(*bad.problems) from None
    typer.echo(f"good: edition {opened.edition} of {opened.as_of}, signed with {opened.key_id}; judgements will say {found.version}")
    for name in sorted(opened.files):
        typer.echo(f"  {name}")


def _fail(*problems: str) -> typer.Exit:
    for problem in problems:
        typer.echo(problem, err=True)
    return typer.Exit(2)
