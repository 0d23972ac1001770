"""Windows' tools, as recorded; none of this was run on Windows."""

import pytest

from agent.platform.port import Adapter, LinkSeen, ProxySettings
from agent.platform.windows import (
    ADAPTERS,
    Connection,
    Windows,
    adapters,
    connection,
    neighbours,
    registry,
    routes,
    search_domains,
    servers,
    service_settings,
)
from tests.fakes.machine import FakeMachine, recorded

INTERNET = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICY = r"query HKLM\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
PROGRAMS = {
    rf"query HKCU\{INTERNET}": recorded("windows-reg-internet-settings.txt"),
    rf"query HKCU\{INTERNET}\Connections": recorded("windows-reg-connections.txt"),
    rf"query HKLM\{INTERNET}\Connections": recorded("windows-reg-connections-machine.txt"),
    r"query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters": recorded("windows-reg-tcpip.txt"),
}
USER = ProxySettings(
    "user",
    auto_detect=True,
    pac_url="http://pac.contoso.com/proxy.pac",
    proxies={"http": "PROXY proxy.contoso.com:8080", "https": "PROXY secure.contoso.com:8443"},
    bypass=("*.contoso.com", "10.*", "<local>"),
)
SERVICE = ProxySettings("service", proxies={"all": "PROXY winhttp.contoso.com:3128"}, bypass=("<local>", "*.intra.contoso.com"))


async def test_a_user_follows_wininet() -> None:
    """For a user the account's settings come first, the services' after; detection is known from the binary value alone."""
    assert await Windows(FakeMachine(programs=PROGRAMS, environment={"USERNAME": "anna"})).proxies() == (USER, SERVICE)


@pytest.mark.parametrize("account", ["LAPTOP-17$", "LOCAL SERVICE"])
async def test_a_service_follows_winhttp(account: str) -> None:
    """For a service account what `netsh winhttp` keeps comes first."""
    assert await Windows(FakeMachine(programs=PROGRAMS, environment={"USERNAME": account})).proxies() == (SERVICE, USER)


async def test_settings_for_the_whole_machine() -> None:
    """Where a policy says so, the machine's hive is read in the account's place, and the account's is not asked."""
    machine = FakeMachine(
        programs={
            POLICY: recorded("windows-reg-policy-per-machine.txt"),
            rf"query HKLM\{INTERNET}": recorded("windows-reg-internet-settings.txt"),
            rf"query HKLM\{INTERNET}\Connections": recorded("windows-reg-connections-machine.txt"),
        }
    )
    user, service = await Windows(machine).proxies()
    assert (user.proxies, user.auto_detect, service.proxies) == (USER.proxies, False, SERVICE.proxies)
    assert not [command for command in machine.told if "HKCU" in command[2]]


async def test_environment_comes_first() -> None:
    """Variables of the environment come before either."""
    told = await Windows(FakeMachine(environment={"all_proxy": "p.example:1"})).proxies()
    assert [(one.scope, one.speak) for one in told] == [("environment", True), ("user", False), ("service", False)]


def test_values() -> None:
    """Names and data may hold blanks, data may be empty."""
    values = registry(recorded("windows-reg-tcpip.txt"))
    assert (values["Domain"], values["DhcpNameServer"]) == ("", "10.10.2.53 10.10.3.53")
    assert registry(recorded("windows-reg-internet-settings.txt"))["User Agent"] == "Mozilla/4.0 (compatible; MSIE 8.0; Win32)"


@pytest.mark.parametrize("digits", ["", "46", "no hex", "460000000700000001000000FFFFFFFF", "4600000007000000010000"])
def test_broken_binary_values(digits: str) -> None:
    """A binary value that is cut short or lies about a length names no proxy."""
    assert connection(digits).proxy == ""
    assert service_settings(connection(digits)) == ProxySettings("service")


def test_flags_decide() -> None:
    """A proxy that is kept but not switched on is none."""
    assert not service_settings(Connection(0x01, "old.example:1", "<local>")).speak


def test_servers() -> None:
    """One place stands for all schemes, SOCKS for those without one of their own, rubbish for none."""
    assert servers("p.example:1") == {"all": "PROXY p.example:1"}
    assert servers("http://p.example:1") == {"all": "PROXY p.example:1"}
    assert servers("https=a.example:2;socks=s.example:3;ftp=f.example:4") == {"https": "PROXY a.example:2", "all": "SOCKS s.example:3"}
    assert servers(";;= http=;") == {}


async def test_search_list() -> None:
    """The domain DHCP gave counts where no list is configured; a list comes before it."""
    assert await Windows(FakeMachine(programs=PROGRAMS)).search_domains() == ("lyon.contoso.com",)
    assert search_domains({"SearchList": "a.example,b.example", "DhcpDomain": "c.example"}) == ("a.example", "b.example")


async def test_addresses() -> None:
    """Every address of the interface, whatever the language of the heading; a quote in its name is not handed on."""
    programs = {"interface ipv4 show ipaddresses interface=Ethernet": recorded("windows-netsh-ipaddresses.txt")}
    assert await Windows(FakeMachine(programs=programs)).addresses("Ethernet") == ("10.10.2.20", "10.10.9.1")
    assert await Windows(FakeMachine()).addresses('"') == ()


async def test_adapters() -> None:
    """Kind by interface type and driver; addresses that reach their own link only are left out; what has no adapter is Windows' own VPN."""
    machine = FakeMachine(programs={f"-NoProfile -NonInteractive -Command {ADAPTERS}": recorded("windows-adapters.txt")})
    found = {one.name: one for one in await Windows(machine).adapters()}
    wired = Adapter("Ethernet", "wired", "e1d68x64", ("192.0.2.20", "2001:db8::20"), "Intel(R) Ethernet Connection I219-LM")
    assert found["Ethernet"] == wired
    kinds = {name: one.kind for name, one in found.items()}
    assert kinds == {
        "Ethernet": "wired",
        "Wi-Fi": "wireless",
        "Contoso": "tunnel",
        "Ethernet 4": "virtual",
        "vEthernet (Default Switch)": "virtual",
        "Cellular": "cellular",
        "Contoso IKEv2": "tunnel",
    }
    assert (found["Contoso"].driver, found["Contoso IKEv2"].driver, found["Contoso IKEv2"].addresses) == (
        "wireguard",
        "ras",
        ("198.51.100.9",),
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a":1,"i":"x"}', '{"a":[{}],"i":[null]}'])
def test_what_powershell_should_not_print(text: str) -> None:
    """Whatever comes instead of the expected JSON, there is an answer."""
    assert [one.addresses for one in adapters(text)] in ([], [()])


def test_one_adapter_is_no_list() -> None:
    """PowerShell writes a list of one as the one."""
    text = '{"a":{"ifIndex":3,"Name":"Ethernet","InterfaceType":6},"i":{"InterfaceIndex":3,"IPAddress":"192.0.2.9"}}'
    assert adapters(text) == (Adapter("Ethernet", "wired", "", ("192.0.2.9",)),)


async def test_what_runs() -> None:
    """Programs without their folders, services by name whatever the language."""
    told = {"/fo csv /nh": recorded("windows-tasklist.txt"), "query type= service": recorded("windows-sc-service.txt")}
    running = await Windows(FakeMachine(programs=told)).running()
    assert running["process"] >= {"ZSATunnel.exe", "svchost.exe"}
    assert running["service"] == {"stAgentSvc", "Dnscache"}
    assert not running["driver"]
    assert await Windows(FakeMachine()).roots_pem() == ""


LINK = {
    "print -4": recorded("windows-route-print.txt"),
    "-a": recorded("windows-arp.txt"),
    f"-NoProfile -NonInteractive -Command {ADAPTERS}": recorded("windows-adapters.txt"),
}


async def test_link() -> None:
    """The default route with the lowest metric is the link, its gateway's hardware address that of its own interface."""
    machine = FakeMachine(programs=LINK)
    windows = Windows(machine)
    seen = await windows.link()
    assert (seen.gateway, seen.hardware, seen.network) == ("10.10.2.1", "52:54:00:12:34:56", "10.10.2.0/24")
    assert await windows.link() == seen
    assert len([command for command in machine.told if "powershell" in command[0]]) == 1


async def test_link_in_another_language() -> None:
    """A route on the link itself is known by its place, whatever words stand for it."""
    german = LINK | {"print -4": LINK["print -4"].replace("  On-link", "Auf Verbindung")}
    assert (await Windows(FakeMachine(programs=german)).link()).network == "10.10.2.0/24"


async def test_no_link() -> None:
    """Without a default route, and without any answer, there is no link."""
    assert await Windows(FakeMachine()).link() == LinkSeen()
    assert routes("          0.0.0.0          0.0.0.0\n  1.2.3.4 5.6.7.8 9.9.9.9 1.1.1.1 5\n") == []
    assert neighbours("  10.10.2.1\n") == {}
