"""What /etc/resolv.conf says, on the systems that write one (resolv.conf(5)). Pure."""

import ipaddress


def nameservers(text: str) -> tuple[str, ...]:
    """Return the addresses of the `nameserver` lines, in order."""
    words = [line.split() for line in text.splitlines()]
    return tuple(word[1] for word in words if len(word) > 1 and word[0] == "nameserver" and _is_address(word[1]))


def search_domains(text: str) -> tuple[str, ...]:
    """Return the search list: the last `search` or `domain` line counts."""
    found: tuple[str, ...] = ()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in {"search", "domain"}:
            found = tuple(word.strip(".").lower() for word in words[1:])
    return found


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
