"""The one factory of the real network. Everything else in this room is reached through what it returns."""

from agent.network.net import ChainCheck, Network
from agent.network.settings import NetworkSettings


def open_network(settings: NetworkSettings, check_chain: ChainCheck | None = None) -> Network:
    """Return the network for `settings`. Cheap: call it once for each probe whose time limits differ."""
    raise NotImplementedError
