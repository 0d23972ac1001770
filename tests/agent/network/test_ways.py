"""By which address packets would leave, asked of this machine's kernel on its loopback interface."""

from agent.network.ways import default_source, default_sources, source_of, sources


def test_the_loopback_leaves_by_itself() -> None:
    """The kernel's choice is told, for every part of a prefix; what is no prefix is left out."""
    assert source_of("127.0.0.9") == "127.0.0.1"
    assert sources(["127.0.0.0/8", "127.0.0.7/32", "nonsense"])["127.0.0.7/32"] == ("127.0.0.1",)
    assert set(sources(["127.0.0.0/8", "nonsense"])) == {"127.0.0.0/8"}
    assert "" not in sources(["127.0.0.0/8"])["127.0.0.0/8"]


def test_no_way_is_no_source() -> None:
    """What is no address, and what cannot be routed, has none."""
    assert source_of("nonsense") == ""
    assert isinstance(default_source(), str)


def test_default_sources() -> None:
    """The addresses of the default routes, none of them empty."""
    assert all(default_sources())
