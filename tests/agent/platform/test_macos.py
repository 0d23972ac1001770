"""macOS' tools, as recorded; none of this was run on a Mac."""

from agent.platform.macos import MacOs, addresses, prefix, proxy_settings, search_domains
from agent.platform.port import Adapter, LinkSeen, ProxySettings
from tests.fakes.machine import FakeMachine, recorded


async def test_proxies() -> None:
    """Proxies that are switched on, the PAC file, and exceptions in the rules' spelling; a SOCKS proxy switched off is none."""
    told = await MacOs(FakeMachine(programs={"--proxy": recorded("macos-scutil-proxy.txt")})).proxies()
    assert told == (
        ProxySettings(
            "user",
            pac_url="http://pac.contoso.com/proxy.pac",
            proxies={"http": "PROXY proxy.contoso.com:8080", "https": "PROXY secure.contoso.com:8443"},
            bypass=("*.local", "169.254.0.0/16", "intranet.contoso.com", "<local>"),
        ),
    )


async def test_environment_comes_first() -> None:
    """Variables of the environment come before the system's settings, as programs that know both have it."""
    told = await MacOs(FakeMachine(environment={"all_proxy": "p.example:1"})).proxies()
    assert [one.scope for one in told] == ["environment", "user"]


def test_switched_off() -> None:
    """What is kept but switched off does not count, and no text at all is silence."""
    off = recorded("macos-scutil-proxy.txt").replace("Enable : 1", "Enable : 0")
    assert not proxy_settings(off).speak
    assert not proxy_settings("").speak
    assert proxy_settings("<dictionary> {\n  ProxyAutoDiscoveryEnable : 1\n}\n").auto_detect
    assert proxy_settings("<dictionary> {\n  SOCKSEnable : 1\n  SOCKSProxy : s.example\n}\n").proxies == {"all": "SOCKS s.example:1080"}


def test_search_list() -> None:
    """Only the first resolver's domains complete a name."""
    assert search_domains(recorded("macos-scutil-dns.txt")) == ("lyon.contoso.com", "contoso.com")


async def test_addresses() -> None:
    """Addresses valid on their link only are left out; a name that is none is never handed to a program."""
    assert addresses(recorded("macos-ifconfig-en0.txt")) == ("10.10.2.20", "2001:db8::20")
    machine = FakeMachine()
    assert await MacOs(machine).addresses("-a") == ()
    assert machine.told == []


async def test_adapters() -> None:
    """Interfaces with an address that reaches beyond their link, by the hardware port's name; the loopback is none."""
    told = {"": recorded("macos-ifconfig.txt"), "-listallhardwareports": recorded("macos-hardwareports.txt")}
    assert await MacOs(FakeMachine(programs=told)).adapters() == (
        Adapter("en0", "wireless", "en", ("192.0.2.20",)),
        Adapter("en5", "wired", "en", ("192.0.2.21",)),
        Adapter("utun4", "tunnel", "utun", ("198.51.100.7",)),
    )


async def test_what_runs() -> None:
    """Programs' names, and the labels of launchd's jobs."""
    told = {"-axco comm=": "launchd\nCato Client\n", "list": recorded("macos-launchctl.txt")}
    running = await MacOs(FakeMachine(programs=told)).running()
    assert running["process"] == {"launchd", "Cato Client"}
    assert "com.netskope.client.auxsvc" in running["service"]


async def test_added_roots_are_the_system_keychains() -> None:
    """The keychain of administrators is asked for, a person's own is not."""
    machine = FakeMachine(programs={"find-certificate -a -p /Library/Keychains/System.keychain": "PEM"})
    assert await MacOs(machine).roots_pem() == "PEM"


LINK = {
    "-rn -f inet": recorded("macos-netstat-rn.txt"),
    "-listallhardwareports": recorded("macos-hardwareports.txt"),
    "en0": recorded("macos-ifconfig-en0.txt"),
    "-n 10.10.2.1": recorded("macos-arp.txt"),
}


async def test_link() -> None:
    """The first default route with a gateway is the link; its hardware address is written with two digits a byte."""
    machine = FakeMachine(programs=LINK)
    mac = MacOs(machine)
    assert await mac.link() == await mac.link() == LinkSeen("10.10.2.1", "52:54:00:12:34:56", "en0", "wireless", "10.10.2.0/24")
    assert len([command for command in machine.told if command[1] == "-listallhardwareports"]) == 1


async def test_no_link() -> None:
    """Without a default route there is no link; a tunnel's route is told all the same, and a gateway nobody answered for has no address."""
    assert await MacOs(FakeMachine()).link() == LinkSeen()
    tunnel = "10/8               10.9.0.1           UGSc                utun4\n"
    assert await MacOs(FakeMachine(programs={"-rn -f inet": tunnel})).link() == LinkSeen(vpn=True)
    silent = LINK | {"-n 10.10.2.1": "? (10.10.2.1) at (incomplete) on en0 ifscope [ethernet]\n"}
    assert (await MacOs(FakeMachine(programs=silent)).link()).hardware == ""
    assert prefix(recorded("macos-ifconfig-en0.txt"), "192.0.2.1") == ""
