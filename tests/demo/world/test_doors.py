"""Front doors over real TLS: HTTP/1.1 and HTTP/2 by what is offered, one certificate for names that share one."""

import asyncio
import ssl
from pathlib import Path

from demo.authority import PublicAuthorities, Shelf
from demo.world.doors import door_contexts, front_doors
from demo.world.http1 import Request, ask
from demo.world.services import FrontDoor
from tests.demo.world.conftest import HOSTS, NOW


async def test_http1(tmp_path: Path) -> None:
    """Who offers HTTP/1.1 only is answered in it, by the host of the request, and verifies the laboratory root."""
    public = PublicAuthorities(Shelf(tmp_path, NOW))
    trusting = ssl.create_default_context(cadata=public.root.pem.decode())
    async with front_doors(FrontDoor("FRA", 1), door_contexts(public, HOSTS)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=HOSTS[0])
        answers = [await ask(reader, writer, Request("GET", "/", (("Host", HOSTS[0]),))) for _ in range(2)]
        writer.close()
    for answer in answers:
        assert answer.status == 302
        assert dict(answer.headers)["X-FirstHopCafeEFZ"] == "FRA"
        assert dict(answer.headers)["Location"] == f"https://{HOSTS[0]}/owa/"


def test_names_of_one_certificate(tmp_path: Path) -> None:
    """The names of one service share one context, those of two do not."""
    contexts = door_contexts(PublicAuthorities(Shelf(tmp_path, NOW)), HOSTS)
    assert list(contexts) == list(HOSTS)
    assert contexts["outlook.office365.com"] is contexts["outlook.cloud.microsoft"]
    assert len({id(one) for one in contexts.values()}) == 5
