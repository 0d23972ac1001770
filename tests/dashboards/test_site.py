"""Site: its choices, its path on the map, and its way to the console."""

from dashboards.site import site

MADE = site()
PANELS = {one["title"]: one for one in MADE["panels"]}


def test_choices_come_from_what_is_stored_and_are_escaped() -> None:
    """Site, route, target by SHOW TAG VALUES; every use escapes what a name holds."""
    variables = {one["name"]: one for one in MADE["templating"]["list"]}
    assert [*variables] == ["site", "route", "target", "finest", "console"]
    assert variables["site"]["query"] == 'SHOW TAG VALUES FROM "site_state" WITH KEY = "site"'
    for name in ("site", "route", "target"):
        for text in (target["query"] for one in MADE["panels"] for target in one.get("targets", [])):
            assert f"${name}" not in text
            assert f"${{{name}}}" not in text


def test_every_panel_is_about_this_site() -> None:
    """No query forgets the choice."""
    for one in MADE["panels"]:
        for target in one.get("targets", []):
            assert "/^${site:regex}$/" in target["query"], one["title"]


def test_the_line_goes_from_the_site_over_the_egress_to_the_front_door() -> None:
    """The route layer draws the first frame: one query, its rows in the order of the tag `stop`."""
    (path,) = [one for one in MADE["panels"] if one["type"] == "geomap"]
    line = path["options"]["layers"][0]
    assert line["type"] == "route"
    assert path["targets"][0]["refId"] == line["filterData"]["options"]
    assert path["targets"][0]["query"].endswith('GROUP BY "stop"')


def test_the_console_is_one_click_away() -> None:
    """By a text box anybody can change, with the site in the address."""
    urls = [one["url"] for one in MADE["links"]]
    assert urls == ["/d/mw-fleet/fleet", "${console}/?site=${site:percentencode}"]
    text = str(PANELS["Newest finding of each target, with the signals that prove it"])
    assert "${console}/?site=${site:percentencode}" in text


def test_events_are_marked_on_every_chart_of_this_site_only() -> None:
    """Another site's event is not drawn here."""
    (events,) = MADE["annotations"]["list"]
    assert '"scope" =~ /^${site:regex}$/' in events["query"]
