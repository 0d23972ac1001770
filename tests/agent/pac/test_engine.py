"""The engine: every function a PAC file may call, and everything it may do wrong."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.pac.engine import Engine, World, evaluate

MINE = ("10.10.2.20", "2001:db8::20")
NAMES = {"www.a.test": ("2001:db8::1", "192.0.2.1"), "six.test": ("2001:db8::6",), "none.test": ()}
NOON = datetime(2026, 11, 25, 12, 30, 15, tzinfo=UTC)  # a Wednesday


def run(script: str, host: str = "www.a.test", names: Mapping[str, Sequence[str]] = NAMES, now: datetime = NOON) -> dict[str, object]:
    """Evaluate a whole script. Local time is an hour ahead of GMT."""
    ms = now.timestamp() * 1000
    return evaluate(script, f"https://{host}/", host, World(names, MINE, (ms + 3_600_000, ms)))


def value(expression: str, now: datetime = NOON) -> object:
    """Return an expression's value as text, within FindProxyForURL."""
    return run(f"function FindProxyForURL(url, host) {{ return String({expression}); }}", now=now).get("found")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("isPlainHostName('www')", "true"),
        ("isPlainHostName('www.a.test')", "false"),
        ("isPlainHostName('::1')", "false"),
        ("dnsDomainIs('www.A.test', '.a.TEST')", "true"),
        ("dnsDomainIs('www', '.a.test')", "false"),
        ("dnsDomainIs('wwwa.test', '.a.test')", "false"),
        ("localHostOrDomainIs('www.a.test', 'www.a.test')", "true"),
        ("localHostOrDomainIs('www', 'www.a.test')", "true"),
        ("localHostOrDomainIs('www.b.test', 'www.a.test')", "false"),
        ("localHostOrDomainIs('w', 'www.a.test')", "false"),
        ("isResolvable('www.a.test')", "true"),
        ("isResolvable('none.test')", "false"),
        ("isResolvable('six.test')", "false"),
        ("isResolvableEx('six.test')", "true"),
        ("dnsResolve('www.a.test')", "192.0.2.1"),
        ("dnsResolve('none.test')", "null"),
        ("dnsResolve('192.0.2.9')", "192.0.2.9"),
        ("dnsResolveEx('www.a.test')", "2001:db8::1;192.0.2.1"),
        ("dnsResolveEx('none.test')", ""),
        ("myIpAddress()", "10.10.2.20"),
        ("myIpAddressEx()", "10.10.2.20;2001:db8::20"),
        ("isInNet('192.0.2.7', '192.0.2.0', '255.255.255.0')", "true"),
        ("isInNet('www.a.test', '192.0.2.0', '255.255.255.0')", "true"),
        ("isInNet('192.0.3.7', '192.0.2.0', '255.255.255.0')", "false"),
        ("isInNet('none.test', '0.0.0.0', '0.0.0.0')", "false"),
        ("isInNet('192.0.2.7', '192.0.2', '255.255.255.0')", "false"),
        ("isInNet('192.0.2.700', '192.0.2.0', '255.255.255.0')", None),
        ("isInNetEx('2001:db8::7', '2001:db8::/32')", "true"),
        ("isInNetEx('2001:db9::7', '10.0.0.0/8;2001:db8::/32')", "false"),
        ("isInNetEx('10.9.9.9', '2001:db8::/32; 10.0.0.0/8')", "true"),
        ("isInNetEx('10.9.9.9', '10.0.0.0/33')", "false"),
        ("isInNetEx('10.9.9.9', '10.9.9.8/30')", "true"),
        ("isInNetEx('::ffff:10.1.2.3', '::ffff:10.0.0.0/104')", "true"),
        ("isInNetEx('www.a.test', '::/0')", "false"),
        (
            "sortIpAddressList('10.2.3.9;2001:4898:28:3:201:2ff:feea:fc14;::1;127.0.0.1')",
            "::1;2001:4898:28:3:201:2ff:feea:fc14;10.2.3.9;127.0.0.1",
        ),
        ("sortIpAddressList('10.2.3.9;www.a.test')", "false"),
        ("convert_addr('104.16.41.2')", "1745889538"),
        ("convert_addr('rubbish')", "0"),
        ("dnsDomainLevels('www')", "0"),
        ("dnsDomainLevels('www.a.test')", "2"),
        ("getClientVersion()", "1.0"),
        ("alert('x')", "undefined"),
    ],
)
def test_functions_of_hosts_and_addresses(expression: str, expected: str | None) -> None:
    """Each function of the specification and of Microsoft's extensions says what those say; None: it asks for a name first."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [
        ("www.a.test", "*.a.test", True),
        ("www.a.test", "*.a.tes", False),
        ("a.test", "*.a.test", False),
        ("abc", "a?c", True),
        ("ac", "a?c", False),
        ("a.c", "a.c", True),
        ("abc", "a.c", False),
        ("a+c(", "a+c(", True),
        ("*", "\\\\*", False),
        ("", "", True),
        ("", "*", True),
        ("a" * 60, "*a" * 30 + "b", False),
    ],
)
def test_shell_patterns(text: str, pattern: str, *, matches: bool) -> None:
    """`*` and `?` alone mean something, the whole text must match, and no pattern takes exponential time."""
    assert value(f"shExpMatch('{text}', '{pattern}')") == str(matches).lower()


@settings(max_examples=50, deadline=None)
@given(st.text("ab.", max_size=12), st.lists(st.sampled_from("ab.?*"), max_size=8).map("".join))
def test_shell_patterns_as_pythons(text: str, pattern: str) -> None:
    """A pattern matches exactly what Python's own shell patterns match."""
    from fnmatch import fnmatchcase  # noqa: PLC0415 - the oracle of this one test

    assert value(f"shExpMatch('{text}', '{pattern}')") == str(fnmatchcase(text, pattern)).lower()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("weekdayRange('WED')", True),
        ("weekdayRange('THU')", False),
        ("weekdayRange('MON', 'FRI')", True),
        ("weekdayRange('FRI', 'WED')", True),
        ("weekdayRange('FRI', 'TUE')", False),
        ("weekdayRange('WED', 'GMT')", True),
        ("weekdayRange('XYZ')", False),
        ("timeRange(13)", True),
        ("timeRange(12)", False),
        ("timeRange(12, 'GMT')", True),
        ("timeRange(9, 17)", True),
        ("timeRange(22, 6)", False),
        ("timeRange(22, 13)", True),
        ("timeRange(13, 30, 14, 0)", True),
        ("timeRange(13, 31, 14, 0)", False),
        ("timeRange(13, 30, 16, 13, 30, 20)", False),
        ("timeRange(12, 30, 0, 12, 30, 20, 'GMT')", True),
        ("timeRange('noon')", False),
        ("timeRange(1, 2, 3)", False),
        ("timeRange()", False),
        ("dateRange(25)", True),
        ("dateRange(1, 24)", False),
        ("dateRange('NOV')", True),
        ("dateRange('OCT', 'MAR')", True),
        ("dateRange('JAN', 'MAR')", False),
        ("dateRange(2026)", True),
        ("dateRange(2024, 2025)", False),
        ("dateRange(25, 'NOV')", True),
        ("dateRange(24, 'DEC')", False),
        ("dateRange(25, 'NOV', 2026)", True),
        ("dateRange(25, 'NOV', 1995)", False),
        ("dateRange(1, 'JUN', 15, 'AUG')", False),
        ("dateRange(20, 'NOV', 5, 'JAN')", True),
        ("dateRange('OCT', 2026, 'MAR', 2027)", True),
        ("dateRange('DEC', 2026, 'NOV', 2026)", False),
        ("dateRange(1, 'JUN', 2026, 15, 'DEC', 2026, 'GMT')", True),
        ("dateRange(1, 'JUN', 1995, 15, 'AUG', 1995)", False),
        ("dateRange('NEVER')", False),
        ("dateRange()", False),
    ],
)
def test_functions_of_time(call: str, *, expected: bool) -> None:
    """Days, dates and times by local time, by GMT where asked; ranges without a year go round the turn of week, year and day."""
    assert value(call) == str(expected).lower()


def test_local_date_is_not_gmts() -> None:
    """An hour ahead of GMT, the last hour of Wednesday is Thursday."""
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert [value("weekdayRange('THU')", late), value("weekdayRange('THU', 'GMT')", late), value("dateRange(26)", late)] == [
        "true",
        "false",
        "true",
    ]


def test_names_are_asked_of_the_parent() -> None:
    """A name the parent did not tell is asked for, once, whatever became of the run."""
    asks = "dnsResolve('B.test'); isInNet('b.test', '0.0.0.0', '0.0.0.0'); isResolvableEx('c.test')"
    script = f"function FindProxyForURL(url, host) {{ {asks}; throw 1; }}"
    assert run(script) == {"need": ["b.test", "c.test"]}
    assert run(script, names={"b.test": (), "c.test": ()}) == {"error": "threw", "text": "1"}


def test_many_names_are_cut() -> None:
    """No run can ask for more than 64 names, or for endless ones."""
    need = run("function FindProxyForURL() { for (var i = 0; i < 1000; i++) dnsResolve(i + 'x'.repeat(1000) + '.test'); }")["need"]
    assert isinstance(need, list)
    assert (len(need), max(map(len, need))) == (64, 256)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("return 'PROXY a.test:1; DIRECT'", {"found": "PROXY a.test:1; DIRECT"}),
        ("return null", {"found": ""}),
        ("", {"found": ""}),
        ("return 5", {"error": "not_text"}),
        ("return {toString() { for (;;); }}", {"error": "not_text"}),
        ("return new Proxy({}, {})", {"error": "not_text"}),
        ("return 'x'.repeat(1e7)", {"error": "too_long"}),
        ("for (;;);", {"error": "loop"}),
        ("for (;;) try { for (;;); } catch (e) {}", {"error": "loop"}),
        ("return FindProxyForURL(url, host)", {"error": "recursion"}),
        ("new ArrayBuffer(1e9)", {"error": "memory"}),
        ("return url + host", {"found": "https://www.a.test/www.a.test"}),
        ("find = need = 1; String.prototype.split = null; return typeof world", {"found": "undefined"}),
        ("nothing()", {"error": "threw", "text": "ReferenceError: 'nothing' is not defined"}),
    ],
)
def test_what_a_file_may_do(body: str, answer: dict[str, object]) -> None:
    """A list, nothing, another type, too much, no end: each is one answer."""
    assert run(f"function FindProxyForURL(url, host) {{ {body} }}") == answer


def test_odd_texts() -> None:
    """Half a surrogate pair is no text, and a message of ten megabytes is cut."""
    assert run("function FindProxyForURL() { return '\\ud800'; }")["error"] == "threw"
    assert len(str(run("function FindProxyForURL() { throw new Error('x'.repeat(1e7)); }")["text"])) == 200


def test_no_program() -> None:
    """What is no JavaScript and what lacks the function are told apart; a constant is a function too."""
    assert run("<html>")["error"] == "syntax"
    assert run("throw new SyntaxError('mine')")["error"] == "syntax"
    assert run("") == {"error": "no_function"}
    assert run("const FindProxyForURL = () => 'DIRECT'") == {"found": "DIRECT"}
    assert run("function FindProxyForURL() { return 'old'; } function FindProxyForURLEx() { return 'new'; }") == {"found": "new"}


def test_a_file_of_a_megabyte() -> None:
    """The largest file that is taken still fits its memory and time."""
    rows = "".join(f"var v{number} = [{number}, 'host{number}.example', function () {{ return {number}; }}];\n" for number in range(16_000))
    assert run(rows[: 1 << 20].rpartition("\n")[0] + "\nfunction FindProxyForURL() { return 'DIRECT'; }") == {"found": "DIRECT"}


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text(script: str) -> None:
    """Whatever the file holds, one of the answers comes back."""
    assert set(run(script)) <= {"found", "error", "text", "need"}


def test_a_file_is_read_once_and_asked_often() -> None:
    """What a file keeps between two questions is there for the second, as in a browser; the world of the second is the second's."""
    world = World({}, MINE, (0.0, 0.0))
    engine = Engine("var n = 0; function FindProxyForURL(url, host) { n++; return n + host + dnsResolve('a.test'); }", world)
    assert engine.ask("https://b.test/", "b.test", world) == {"need": ["a.test"]}
    assert engine.ask("https://b.test/", "b.test", world._replace(names={"a.test": ["192.0.2.1"]})) == {"found": "2b.test192.0.2.1"}
    assert engine.ask("https://b.test/", "b.test", world) == {"need": ["a.test"]}


def test_names_wanted_while_the_file_is_read() -> None:
    """A file that looks a name up outside its function is read again with the answer."""
    top = "var office = isInNet(dnsResolve('inside.test'), '10.0.0.0', '255.0.0.0');"
    script = f"{top} function FindProxyForURL() {{ return office ? 'PROXY p.test:1' : 'DIRECT'; }}"
    assert run(script) == {"need": ["inside.test"]}
    assert run(script, names={"inside.test": ("10.1.1.1",)}) == {"found": "PROXY p.test:1"}
