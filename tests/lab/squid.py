"""Squid 5.7 on the middlebox: intercepting (bump, splice, or both by name) or explicit. One configuration, written from a row's options."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.lab.place import Place
from tests.lab.processes import listens, running, until

_CERTGEN = "/usr/lib/squid/security_file_certgen"
_LOGIN = "/usr/lib/squid/basic_fake_auth"
"""Accepts anybody who says a name; the agent says none."""


@asynccontextmanager
async def squid(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run Squid. Options: `mode` intercept or explicit; `bump`, `splice` name patterns (`all`); `via`; `login`; `deny` names; `headers`.

    `only`, `exempt`: addresses to redirect, or to leave alone.
    """
    folder = place.fresh_folder("squid")
    shutil.chown(folder, "proxy", "proxy")
    if options.get("mode", "intercept") == "intercept":
        _make_database(folder / "db")
    config = folder / "squid.conf"
    config.write_text(_configuration(place, options))
    log = folder / "squid.log"
    async with running(place.command("squid", "-N", "-d", "1", "-f", str(config)), log) as process:
        await until(listens(place.namespace, 3128), "squid", process, log)
        if options.get("mode", "intercept") == "intercept":
            place.redirect({443: 3130, 80: 3129}, only=options.get("only", ()), exempt=options.get("exempt", ()))
        yield


def _make_database(place: Path) -> None:
    subprocess.run([_CERTGEN, "-c", "-s", str(place), "-M", "4MB"], check=True, capture_output=True)
    subprocess.run(["chown", "-R", "proxy:proxy", str(place)], check=True)


def _configuration(place: Place, options: Mapping[str, Any]) -> str:
    folder = place.folder / "squid"
    lines = [
        "http_port 3128",
        "cache deny all",
        "cache_mem 8 MB",
        "pid_filename none",
        "access_log none",
        "cache_log /dev/null",
        "netdb_filename none",
        "pinger_enable off",
        "shutdown_lifetime 0 seconds",
        f"visible_hostname {options.get('name', 'proxy.contoso.example')}",
        f"dns_nameservers {place.resolver}",
        f"coredump_dir {folder}",
        "max_filedescriptors 1024",
        f"tls_outgoing_options cafile={place.public_roots}",
    ]
    if options.get("mode", "intercept") == "intercept":
        lines.append("http_port 3129 intercept")
        tls = "https_port 3130 intercept ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=4MB"
        lines += [f"{tls} tls-cert={place.authority(options)}", *_bumping(folder, options)]
    if not options.get("via", True):
        lines += ["via off", "forwarded_for delete"]
    lines += [f"request_header_add {name} {value} all" for name, value in options.get("headers", {}).items()]
    if options.get("deny"):
        lines += [f"acl denied dstdomain {' '.join(options['deny'])}", "http_access deny denied"]
    if options.get("login"):
        lines += [f"auth_param basic program {_LOGIN}", "auth_param basic realm Contoso Proxy", "acl known proxy_auth REQUIRED"]
        lines += ["http_access deny !known"]
    return "\n".join([*lines, "http_access allow all"]) + "\n"


def _bumping(folder: object, options: Mapping[str, Any]) -> list[str]:
    lines = [f"sslcrtd_program {_CERTGEN} -s {folder}/db -M 4MB", "sslcrtd_children 2 startup=1 idle=1"]
    lines += ["acl step1 at_step SslBump1", "ssl_bump peek step1"]
    for action in ("splice", "bump"):
        for number, pattern in enumerate(options.get(action, ())):
            if pattern == "all":
                continue
            lines += [f"acl {action}{number} ssl::server_name {pattern}", f"ssl_bump {action} {action}{number}"]
    rest = "bump" if "all" in options.get("bump", ()) else "splice"
    return [*lines, f"ssl_bump {rest} all"]
