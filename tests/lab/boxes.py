"""What can stand on the path, by the name a row calls it: each takes its place and its options and runs while the body runs."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.lab.engines import mitmproxy, sslsplit
from tests.lab.filters import rules, vpn
from tests.lab.forwarders import dnsmasq, tinyproxy
from tests.lab.pages import page
from tests.lab.place import Place
from tests.lab.splitters import haproxy, synproxy
from tests.lab.squid import squid
from tests.lab.terminator import terminator

Box = Callable[[Place, Mapping[str, Any]], AbstractAsyncContextManager[None]]

BOXES: Mapping[str, Box] = {
    "squid": squid,
    "mitmproxy": mitmproxy,
    "sslsplit": sslsplit,
    "haproxy": haproxy,
    "synproxy": synproxy,
    "tinyproxy": tinyproxy,
    "dnsmasq": dnsmasq,
    "page": page,
    "rules": rules,
    "vpn": vpn,
    "terminator": terminator,
}
