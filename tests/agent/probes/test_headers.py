"""Which header fields are facts, and whose front door answered."""

import pytest

from agent.probes.headers import MAX_FIELDS, MAX_VALUE, front_door, sharepoint, stable


def test_squid() -> None:
    """A cache's name is kept, hit and miss are not; the same proxy says the same at the next request."""
    miss = (("Via", "1.1 box (squid/5.7)"), ("X-Cache", "MISS from box"), ("X-Cache-Lookup", "MISS from box:3128"))
    hit = (("Via", "1.1 box (squid/5.7)"), ("X-Cache", "HIT from box"), ("X-Cache-Lookup", "HIT from box:3128"))
    assert stable(miss) == stable(hit) == {"via": "1.1 box (squid/5.7)", "x-cache": "from box", "x-cache-lookup": "from box:3128"}


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("Server", "Microsoft-IIS/10.0", "Microsoft-IIS/10.0"),
        ("Alt-Svc", 'h3=":443"; ma=86400', 'h3=":443"; ma=86400'),
        ("Location", "https://login.microsoftonline.com/common?nonce=1", "login.microsoftonline.com"),
        ("Location", "//notify.example/x", "notify.example"),
        ("Location", "/owa/", None),
        ("Location", "https://[bad/", None),
        ("X-Cache", "CONFIG_NOCACHE", None),
        ("WWW-Authenticate", 'Bearer realm="", nonce="abc"', 'Bearer realm=""'),
        ("Proxy-Authenticate", "Negotiate YIIabc", "Negotiate"),
        ("X-BlueCoat-Via", "00112233aabbccdd", "*"),
        ("Via", "1.1 3f2b8a7c9d0e11.cdn.example", "1.1 *.cdn.example"),
        ("Server", "edge-1c3b2a4d-1111-2222-3333-444455556666", "edge-*"),
        ("Date", "Mon, 23 Nov 2026 12:00:00 GMT", None),
        ("request-id", "1", None),
        ("Set-Cookie", "a=b", None),
    ],
)
def test_fields(name: str, value: str, held: str | None) -> None:
    """Each field is kept whole, in part, or not."""
    assert stable(((name, value),)) == ({} if held is None else {name.lower(): held})


def test_repeated_and_prefixed() -> None:
    """Fields of one name are joined in order; a proxy's own go under a prefix."""
    assert stable((("Via", "1.1 a"), ("via", "1.1 b")), prefix="connect.") == {"connect.via": "1.1 a, 1.1 b"}


def test_bounds() -> None:
    """A flood of fields or a giant value stays within the wire's caps."""
    many = tuple((f"x-zscaler-{number}", "x" * 9_999) for number in range(99))
    held = stable(many)
    assert (len(held), max(len(value) for value in held.values())) == (MAX_FIELDS, MAX_VALUE)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ((("X-FirstHopCafeEFZ", "PHX"), ("X-MSEdge-Ref", "Ref A: 1 Ref B: CO1EDGE0315 Ref C: 2022")), "PHX"),
        ((("X-MSEdge-Ref", "Ref A: 0AB Ref B: CO1EDGE0315 Ref C: 2022-05-10T02:58:31Z"),), "CO"),
        ((("X-MSEdge-Ref", "Ref A: 0AB Ref B: HKGEDGE0317 Ref C: x"),), "HKG"),
        ((("X-MSEdge-Ref", "Ref A: 0AB Ref B: BOM02EDGE0712 Ref C: x"),), "BOM"),
        ((("X-MSEdge-Ref", "Ref A: 0AB Ref B: AMS231032608029 Ref C: x"),), "AMS"),
        ((("Report-To", '{"endpoints":[{"url":"https://exo.nel.measure.office.net/?FrontEnd=Cafe&DestinationEndpoint=DXB"}]}'),), "DXB"),
        ((("NEL", '{"report_to":"NelOfficeUpload1"}'),), None),
        ((("X-MSEdge-Ref", "nonsense"),), None),
        ((), None),
    ],
)
def test_front_door(headers: tuple[tuple[str, str], ...], code: str | None) -> None:
    """The code is Exchange's own, else the edge's, else that of the reporting address; unknown forms give none."""
    assert front_door(headers) == code


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ((("SPIisLatency", "4"), ("X-SharePointHealthScore", "2")), (4.0, 2)),
        ((("spiislatency", "12.5"), ("x-sharepointhealthscore", "10")), (12.5, 10)),
        ((("SPIisLatency", "999999999"), ("X-SharePointHealthScore", "11")), (3_600_000.0, None)),
        ((("SPIisLatency", "-1"), ("X-SharePointHealthScore", "x")), (None, None)),
        ((("SPIisLatency", "1e9999"),), (None, None)),
        ((), (None, None)),
    ],
)
def test_sharepoints_own_numbers(headers: tuple[tuple[str, str], ...], told: tuple[float | None, int | None]) -> None:
    """Its own milliseconds and its load, within the wire's bounds; what is no such number is none."""
    assert sharepoint(headers) == told


def test_the_front_end_behind_the_first() -> None:
    """The front end that finally took an Exchange request is a fact."""
    assert stable((("X-FEEFZInfo", "DUB"),)) == {"x-feefzinfo": "DUB"}
