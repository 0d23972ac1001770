"""Holds server/reports/disclosing.py: each device with where, since when, by whom, what proves it; what is bypassed; what is not known."""

from pathlib import Path

from server.state import device_notes, devices
from server.state.device_notes import NoteRow
from server.state.devices import DeviceRow, PresenceRow
from tests.fakes.disclosed import HOST, OTHER, disclosed, scene
from tests.fakes.sightings import START
from tests.fakes.state import fresh


async def test_a_device(tmp_path: Path) -> None:
    """Vendor, class, evidence, affected hosts with categories, sites with agents and ways out, and where it runs."""
    async with disclosed(tmp_path) as found:
        (device,) = found.devices
    assert device.name == "Zscaler, signing as Zscaler <b>Frankfurt</b>"
    assert (device.in_article, device.decrypting, device.deployment) == (True, "yes", "a vendor's security cloud (SSE)")
    assert [(host.host, host.category, host.sites) for host in device.hosts] == [
        (HOST, "Optimize", ["Frankfurt", "Porto"]),
        (OTHER, "Allow", ["Frankfurt", "Porto"]),
        ("www.gstatic.com", "Control", ["Frankfurt", "Porto"]),
    ]
    frankfurt, porto = device.places
    assert (frankfurt.agree, frankfurt.reporting, frankfurt.until, frankfurt.zone) == (2, 2, None, "Europe/Berlin")
    assert porto.until is not None, "it left"
    assert device.evidence[0].known == "measured in our laboratory"
    assert (device.owner, device.contact, device.manual) == ("", "", False)
    assert device.disposition == "Nobody has decided about it yet."


async def test_what_people_say(tmp_path: Path) -> None:
    """A device nobody detected is disclosed as entered, where it is said to be; owner and contact stand with what was seen."""
    database = await fresh(tmp_path)
    one = await scene(database, tmp_path)
    (seen,) = (await one.disclosed()).devices
    async with database.writing() as transaction:
        row = DeviceRow("m-1", "dlp", "Contoso", "Contoso DLP", first_seen_ns=START)
        await devices.add(transaction, row)
        await devices.place_at(database, transaction, PresenceRow("m-1", "Lyon", "present", 1, START, START))
        said = NoteRow("m-1", manual=True, owner="Security", contact="help@vendor.example", deployment="on-premises", decrypting="no")
        await device_notes.store(database, transaction, said)
        await device_notes.store(database, transaction, NoteRow(seen.id, owner="Network", deployment="iaas"))
    found = await one.disclosed()
    by_name = {each.name: each for each in found.devices}
    entered = by_name["Contoso DLP"]
    assert (entered.manual, entered.owner, entered.contact) == (True, "Security", "help@vendor.example")
    assert (entered.decrypting, entered.deployment, entered.deployment_by) == (
        "no, as its owner says",
        "on the premises",
        "as its owner says",
    )
    assert [(place.site, place.since, place.agree) for place in entered.places] == [("Lyon", None, 0)]
    detected = next(each for each in found.devices if not each.manual)
    assert (detected.owner, detected.deployment) == ("Network", "a data centre or cloud (IaaS)")
    assert [each.name for each in (await one.disclosed("Lyon")).devices] == ["Contoso DLP"]
    assert "Data Leakage Prevention" in next(each.name for each in found.classes if "Contoso DLP" in each.devices)
    await one.history.close()
    await database.close()


async def test_what_else_is_said(tmp_path: Path) -> None:
    """The headline, the classes of the article, signs without a device, coverage, positions for what is affected, and the limits."""
    database = await fresh(tmp_path)
    one = await scene(database, tmp_path)
    found = await one.disclosed()
    assert found.headline.startswith("The fleet: 1 device stands in the path of Microsoft 365: Zscaler, signing as")
    assert "It decrypts traffic. 1 host shows signs" in found.headline
    assert [each.name for each in found.classes if each.devices] == ["Secure Web Gateways (SWG)"]
    assert [(sign.site, sign.host, sign.doing) for sign in found.signs] == [("Frankfurt", "graph.microsoft.com", "blocked")]
    by_site = {each.site: (each.not_bypassed, each.bypassed) for each in found.coverage}
    assert by_site["Lyon"] == ([], [HOST])
    assert HOST in by_site["Frankfurt"][0]
    assert {"Category Optimize", "Category Allow"} <= {each.traffic for each in found.positions}
    assert all(link.url.startswith("https://") for each in found.positions for link in each.links)
    assert "One agent alone speaks for Lyon, Porto; nobody could agree or disagree with it." in found.unknowns
    clean = await one.disclosed("Lyon")
    assert clean.headline == "Lyon: no device is seen in the path of Microsoft 365 now."
    empty = await one.disclosed("Atlantis")
    assert empty.headline.startswith("Atlantis: no agent reported in this time, so nothing was seen")
    assert "No agent reported from Atlantis in this time: what stands there was not looked at." in empty.unknowns
    await one.history.close()
    await database.close()
