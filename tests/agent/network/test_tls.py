"""TLS contexts and the captured chain, without a socket."""

import ssl
from typing import Any, cast

import trustme

from agent.network.tls import chain_of, unverifying


def shaken(server: ssl.SSLContext) -> ssl.SSLObject:
    """Return the client's side after a handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = unverifying(("http/1.1",)).wrap_bio(to_client, to_server, server_hostname="any.test")
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, far, client, far):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client


def test_contexts_are_shared_and_hold_no_roots() -> None:
    """One context serves all connections of an offer, verifies nothing and has loaded no root."""
    context = unverifying(("h2", "http/1.1"))
    assert context is unverifying(("h2", "http/1.1"))
    assert (context.verify_mode, context.check_hostname, context.get_ca_certs()) == (ssl.CERT_NONE, False, [])


def test_whole_chain_in_order() -> None:
    """Leaf and intermediates come as DER in the order the server sent them."""
    leaf = trustme.CA().create_child_ca().issue_cert("any.test")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(server)
    sent = tuple(ssl.PEM_cert_to_DER_cert(blob.bytes().decode()) for blob in leaf.cert_chain_pems)
    assert chain_of(shaken(server)) == sent
    assert len(sent) == 2


def test_no_chain_before_the_handshake() -> None:
    """Before certificates have come there is an empty chain and no error."""
    assert chain_of(unverifying(("h2",)).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a.test")) == ()


def test_public_call_of_newer_pythons() -> None:
    """From Python 3.13 the public call gives DER itself."""

    class Newer:
        def get_unverified_chain(self) -> list[bytes]:
            return [b"leaf", b"intermediate"]

    newer: Any = Newer()
    assert chain_of(cast("ssl.SSLObject", newer)) == (b"leaf", b"intermediate")
