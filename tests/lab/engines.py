"""Engines that decrypt, other than Squid: mitmproxy 11 (transparent, explicit, chained to another proxy) and sslsplit 0.5.5."""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives import serialization

from tests.lab.place import Place
from tests.lab.processes import listens, running, until

_ANY = "0.0.0.0"  # noqa: S104 - in the laboratory's own namespace
_MITM_PORT, _SPLIT_PORT, _SPLIT_HTTP = 8080, 8443, 8081
_STRIP = "def responseheaders(flow):\n    flow.response.headers.pop('alt-svc', None)\n"


@asynccontextmanager
async def mitmproxy(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run mitmdump. Options: `mode` transparent (default), regular or upstream:...; `ca` in place of its own; `ignore` hosts.

    `http2` false: offers the client HTTP/1.1 only. `ports`: those redirected.
    """
    folder = place.fresh_folder("mitmproxy")
    if "ca" in options:
        place.device(options)  # makes it a root of the client
        shutil.copy(place.authority(options), folder / "mitmproxy-ca.pem")
        place.trusted.pop()
    mode = options.get("mode", "transparent")
    settings = [f"confdir={folder}", f"ssl_verify_upstream_trusted_ca={place.public_roots}", "connection_strategy=lazy"]
    settings += [f"http2={str(options.get('http2', True)).lower()}", "termlog_verbosity=warn", "flow_detail=0"]
    arguments = ["--mode", mode, "--listen-port", str(_MITM_PORT), *(word for one in settings for word in ("--set", one))]
    arguments += [word for host in options.get("ignore", ()) for word in ("--ignore-hosts", host)]
    if options.get("strip_alt_svc"):
        (folder / "strip.py").write_text(_STRIP)
        arguments += ["-s", str(folder / "strip.py")]
    log = folder / "mitmproxy.log"
    environment = os.environ | {"HOME": str(folder), "PYTHONPATH": ""}
    async with running(place.naming("mitmdump", *arguments), log, env=environment) as process:
        await until(listens(place.namespace, _MITM_PORT), "mitmproxy", process, log)
        if "ca" not in options:
            place.trusted.append((folder / "mitmproxy-ca-cert.pem").read_bytes())
        if mode == "transparent":
            place.redirect(dict.fromkeys((443, 80), _MITM_PORT), only=options.get("only", ()), exempt=options.get("exempt", ()))
        yield


@asynccontextmanager
async def sslsplit(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run sslsplit on 443 and 80. Options: `ca`."""
    folder = place.fresh_folder("sslsplit")
    device = place.device(options)
    (folder / "ca.pem").write_bytes(device.pem)
    key = device.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.key").write_bytes(key)
    log = folder / "sslsplit.log"
    listeners = ["https", _ANY, str(_SPLIT_PORT), "http", _ANY, str(_SPLIT_HTTP)]
    arguments = ["-D", "-u", "root", "-e", "netfilter", "-k", str(folder / "ca.key"), "-c", str(folder / "ca.pem"), *listeners]
    async with running(place.command("sslsplit", *arguments), log) as process:
        await until(listens(place.namespace, _SPLIT_PORT), "sslsplit", process, log)
        place.redirect({443: _SPLIT_PORT, 80: _SPLIT_HTTP}, only=options.get("only", ()))
        yield
