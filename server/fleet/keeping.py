"""What a person does with sites: enter, take back, import, export. Checks beside all others happen in the transaction that writes.

The rules are `checking.py`'s and `importing.py`'s, the rows `server/state/sites.py`'s; command line and API call this alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.config import Settings
from server.fleet import building_file, location_csv
from server.fleet.checking import Held, Trouble, troubles_of
from server.fleet.entries import Entry, merged, over
from server.fleet.importing import Import, take
from server.fleet.registry import Site, registry_of
from server.state import sites as stored
from server.state.database import Database
from server.state.sites import ABSENT, Conflict, Stored

FORMS = {"locations": (location_csv.read, location_csv.write), "buildings": (building_file.read, building_file.write)}
"""What is read and written: Microsoft's location file, and a building file of the Call Quality Dashboard."""
TRIES = 5
"""An import that meets another change begins anew; more than this many at once is a programme that writes all the time."""


class Refused(Exception):  # noqa: N818 - an outcome, named as the outcome
    """A site cannot be as somebody wants it; nothing was changed."""

    def __init__(self, troubles: list[Trouble]) -> None:
        super().__init__("; ".join(str(one) for one in troubles))
        self.troubles = troubles


class Unknown(Exception):  # noqa: N818 - an outcome, named as the outcome
    """There is no such site, or nobody entered anything about it; the text says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Known:
    """A site as it stands, and what was entered of it (None: the configuration alone knows it, or nobody)."""

    site: Site
    stored: Stored | None = None
    notes: list[Trouble] = field(default_factory=list)

    @property
    def revision(self) -> int:
        """Return the entry's revision, ABSENT without one."""
        return self.stored.revision if self.stored else ABSENT


Edit = Callable[[Entry], Entry]


async def all_sites(database: Database, settings: Settings) -> dict[str, Known]:
    """Return every site by name, in the order of names."""
    async with database.reading() as connection:
        found = await stored.load(connection)
    sites = merged(registry_of(settings).sites, {name: one.entry for name, one in found.items()})
    return {name: Known(sites[name], found.get(name)) for name in sorted(sites)}


async def one_site(database: Database, settings: Settings, name: str) -> Known:
    """Return one site. Raises Unknown."""
    async with database.reading() as connection:
        found = await stored.fetch(connection, name)
    seed = registry_of(settings).sites.get(name)
    if found is None and seed is None:
        raise Unknown(f"There is no site {name[:64]!r}; names are written exactly as the list shows them")
    return Known(over(found.entry, seed) if found else seed or Site(name), found)


async def enter(database: Database, settings: Settings, name: str, edit: Edit, made_from: int, now_ns: int, by: str) -> Known:
    """Edit what is entered of a site, on the revision somebody saw; return it as it stands then. Raises Refused and Conflict."""
    seeds = registry_of(settings).sites
    async with database.writing() as connection:
        now = await stored.fetch(connection, name)
        if (now.revision if now else ABSENT) != made_from:
            raise Conflict(name, now)
        entry = edit(now.entry if now else Entry(name))
        if troubles := troubles_of(entry):
            raise Refused(troubles)
        site, held = over(entry, seeds.get(name)), Held()

        def check(before: Mapping[str, Stored]) -> None:
            for other in merged(seeds, {key: one.entry for key, one in before.items()}).values():
                held.add(other)
            if clashes := held.clashes(site):
                raise Refused(clashes)

        await stored.write(database, connection, {name: (entry, made_from)}, now_ns, by, check)
        found = await stored.fetch(connection, name)
    return Known(site, found, held.notes(site))


async def take_back(database: Database, settings: Settings, name: str, made_from: int, now_ns: int, by: str) -> Site | None:
    """Take back all that was entered of a site; return what the configuration says of it. Raises Unknown and Conflict.

    What was entered is kept beside, and what was measured keeps the site's name.
    """
    seed = registry_of(settings).sites.get(name)
    async with database.writing() as connection:
        now = await stored.fetch(connection, name)
        if now is None:
            where = f"it stands in the configuration as [sites.{name!r}]; take it out there" if seed else "there is no such site"
            raise Unknown(f"Nothing is entered about {name[:64]!r}: {where}")
        await stored.write(database, connection, {name: (None, made_from)}, now_ns, by)
    return seed


async def import_file(
    database: Database, settings: Settings, form: str, data: bytes, now_ns: int, by: str, *, dry_run: bool = False
) -> Import:
    """Take a file's good rows, all in one transaction; return what became of each row. `dry_run` only says it. Raises Conflict."""
    rows, seeds = FORMS[form][0](data), registry_of(settings).sites
    for last in (False,) * (TRIES - 1) + (True,):
        async with database.reading() as connection:
            before = await stored.load(connection)
        entries = {name: one.entry for name, one in before.items()}
        done = take(rows, seeds, entries)
        if dry_run or not done.entries:
            return done

        def same(now: Mapping[str, Stored], before: Mapping[str, Stored] = before) -> None:
            if now != before:
                raise Conflict("A site", None)

        changes = {name: (entry, before[name].revision if name in before else ABSENT) for name, entry in done.entries.items()}
        try:
            async with database.writing() as connection:
                await stored.write(database, connection, changes, now_ns, by, same)
        except Conflict:
            if last:
                raise
        else:
            return done
    raise AssertionError("the last try returns or raises")


async def export_file(database: Database, settings: Settings, form: str) -> tuple[bytes, list[str]]:
    """Return a file of all sites, and a sentence for each thing its form cannot hold."""
    return FORMS[form][1](one.site for one in (await all_sites(database, settings)).values())
