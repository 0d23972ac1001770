"""The lines of resolv.conf that are read."""

from agent.platform.resolv_conf import nameservers, search_domains


def test_nameservers() -> None:
    """Addresses alone count, scoped ones too; a name, an empty line and an empty file are none."""
    text = "# made by\nsearch a.test\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver\nnameserver name.test\n"
    assert nameservers(text) == ("192.0.2.53", "fe80::1%eth0")
    assert nameservers("") == ()


def test_search_domains() -> None:
    """The last list counts, without final dots and in small letters; a line without a domain is none."""
    assert search_domains("domain old.example\nsearch Lyon.Contoso.com. contoso.com\n") == ("lyon.contoso.com", "contoso.com")
    assert search_domains("search\n") == ()
