"""From captured packets to the true phases of each connection, by the number in its SNI. Pure.

The clock is the client's interface: what it sends is stamped as it leaves, what it receives as it arrives.
connect: SYN to SYN/ACK. tls: ClientHello to the server's last packet before the client speaks again (Finished and request in one packet).
first_byte: that packet to the server's last but one with payload (response head), body: to its last. The server sends exactly these two
last, 30 and 15 ms apart, so that tickets and HTTP/2 SETTINGS are not taken for the response.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.staged.ring import Packet

SYN, ACK = 0x02, 0x10


@dataclass(frozen=True, slots=True)
class Truth:
    """Milliseconds."""

    connect_ms: float
    tls_ms: float
    first_byte_ms: float
    body_ms: float


def truths(packets: Iterable[Packet], port: int) -> dict[int, Truth]:
    """Return the truth of each complete connection to `port`."""
    connections: list[list[Packet]] = []
    current: dict[int, list[Packet]] = {}
    for packet in packets:
        to_server = packet.destination == port
        if to_server != packet.out:
            continue  # the copy the client's interface did not see
        client = packet.source if to_server else packet.destination
        begun = current.get(client)
        # A port is used again within a run: a SYN after payload begins another connection, one before it is a repetition.
        if begun is None or (packet.flags & (SYN | ACK) == SYN and any(each.payload for each in begun)):
            current[client] = begun = []
            connections.append(begun)
        begun.append(packet)
    found = {}
    for connection in connections:
        number = next((packet.name for packet in connection if packet.name is not None), None)
        truth = _truth(connection)
        if number is not None and truth is not None:
            found[number] = truth
    return found


def _truth(connection: list[Packet]) -> Truth | None:
    syn = [packet.stamp for packet in connection if packet.flags & (SYN | ACK) == SYN]
    syn_ack = [packet.stamp for packet in connection if packet.flags & (SYN | ACK) == SYN | ACK]
    said = [packet.stamp for packet in connection if packet.out and packet.payload]
    heard = [packet.stamp for packet in connection if not packet.out and packet.payload]
    if len(syn) != 1 or not syn_ack or len(said) < 2 or len(heard) < 3:
        return None
    hello, request = said[0], said[1]
    flight = [stamp for stamp in heard if stamp < request]
    head, rest = heard[-2], heard[-1]
    if not flight or head < request:
        return None
    return Truth((syn_ack[0] - syn[0]) / 1e6, (flight[-1] - hello) / 1e6, (head - request) / 1e6, (rest - head) / 1e6)
