"""Every exception has one word, and no text names an address, a machine or a user."""

import errno
import getpass
import os
import socket
import ssl

import dns.name
import h2.exceptions
import h11
import pytest

from agent.network.failure import MAX_TEXT, Failed, classify, scrub


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (Failed("proxy_auth", "407"), "proxy_auth"),
        (TimeoutError(), "timeout"),
        (OSError(errno.ETIMEDOUT, "x"), "timeout"),
        (OSError(errno.ECONNREFUSED, "x"), "refused"),
        (OSError(errno.ECONNRESET, "x"), "reset"),
        (OSError(errno.EPIPE, "x"), "reset"),
        (OSError(errno.ENETUNREACH, "x"), "unreachable"),
        (OSError(errno.EHOSTUNREACH, "x"), "unreachable"),
        (OSError(errno.EPERM, "x"), "unreachable"),
        (OSError(errno.EMFILE, "x"), "unknown"),
        (ssl.SSLEOFError(8, "EOF"), "closed"),
        (ssl.SSLZeroReturnError(6, "closed"), "closed"),
        (ssl.SSLError(1, "x"), "tls_protocol"),
        (h11.RemoteProtocolError("x"), "http_protocol"),
        (h2.exceptions.ProtocolError("x"), "http_protocol"),
        (dns.name.EmptyLabel(), "dns_malformed"),  # type: ignore[no-untyped-call]
        (ValueError("x"), "unknown"),
    ],
)
def test_words(error: Exception, failure: str) -> None:
    """Each kind of exception has its word and some text."""
    word, text = classify(error)
    assert word == failure
    assert text


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "tls_alert"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "tls_alert"),
        ("TLSV1_UNRECOGNIZED_NAME", "tls_alert"),
        ("WRONG_VERSION_NUMBER", "tls_protocol"),
        ("UNSUPPORTED_PROTOCOL", "tls_protocol"),
    ],
)
def test_tls_reasons(reason: str, failure: str) -> None:
    """OpenSSL's reason tells an alert from a breach of protocol, and is the text."""
    error = ssl.SSLError(1, "x")
    error.reason = reason
    assert classify(error) == (failure, reason)


def test_scrubbed() -> None:
    """Addresses of both families, names, paths, this machine and this user are taken out; plain words stay."""
    user = getpass.getuser()
    told = scrub(
        f"cannot reach 192.0.2.17:443 or [2001:db8::17] or fe80::1%eth0 alias proxy.corp.example from {socket.gethostname()} "
        f"reading /home/{user}/certs/a.pem in C:\\Users\\{user}\\x"
    )
    for secret in ("192.0.2", "2001:db8", "fe80", "corp", f"from {socket.gethostname()}", "certs", "Users"):
        assert secret not in told
    assert told.startswith("cannot reach")


def test_os_errors_are_named_by_number() -> None:
    """A system error's own text may name files or hosts, so its number's name is the text."""
    assert classify(OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/home/someone/x")) == ("unknown", "EMFILE")


def test_text_is_bounded() -> None:
    """However long an error, its text fits the field."""
    assert len(classify(ValueError("x" * 5000))[1]) <= MAX_TEXT
