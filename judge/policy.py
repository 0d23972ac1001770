"""What the customer declares: tenant restrictions, sanctioned hosts, approved devices. Pure: a plain dict in, a Policy out.

Which hosts must never be inspected is Microsoft's rule, not the customer's: a policy can add to them, never sanction them.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from judge.knowledge.endpoints import covers

NEVER_INSPECT = ("device.login.microsoftonline.com", "enterpriseregistration.windows.net")
"""Client-certificate authentication: inspection breaks device registration and Conditional Access (Entra, tenant restrictions v1)."""
_HOST = re.compile(r"^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+$")
_DEVICE = re.compile(r"^(instance|product|engine|header|path|egress|local):.+$")


class PolicyError(Exception):
    """The policy cannot be used. The text names the setting and says what to write."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`tenant_restrictions`: the sign-in hosts may be decrypted to insert headers. `approved_devices`: device keys as `kind:value`.

    `version` is a hash of the content: equal versions judge alike.
    """

    tenant_restrictions: bool = False
    sanctioned_hosts: tuple[str, ...] = ()
    never_inspect: tuple[str, ...] = NEVER_INSPECT
    approved_devices: frozenset[str] = frozenset()
    version: str = "none"

    def forbids(self, host: str) -> bool:
        """Return whether `host` must never be inspected."""
        return any(covers(pattern, host) for pattern in self.never_inspect)

    def lists(self, host: str) -> bool:
        """Return whether the customer has sanctioned inspection of `host` by name."""
        return any(covers(pattern, host) for pattern in self.sanctioned_hosts)


def parse_policy(plain: Mapping[str, object]) -> Policy:
    """Return the policy of a table `tenant_restrictions`, `sanctioned_hosts`, `never_inspect`, `approved_devices`. Raises PolicyError."""
    unknown = set(plain) - {"tenant_restrictions", "sanctioned_hosts", "never_inspect", "approved_devices"}
    if unknown:
        raise PolicyError(
            f"policy: {', '.join(sorted(unknown))}: no such setting; see tenant_restrictions, sanctioned_hosts, approved_devices"
        )
    restrictions = plain.get("tenant_restrictions", False)
    if not isinstance(restrictions, bool):
        raise PolicyError(f"policy: tenant_restrictions: {restrictions!r} is neither true nor false; write true if you use them")
    never = tuple(dict.fromkeys([*NEVER_INSPECT, *_hosts(plain, "never_inspect")]))
    sanctioned = _hosts(plain, "sanctioned_hosts")
    for pattern in sanctioned:
        hit = next((host for host in never if covers(pattern, host) or host == pattern), None)
        if hit:
            raise PolicyError(
                f"policy: sanctioned_hosts: {pattern!r} covers {hit}, which must never be inspected; name the hosts one by one"
            )
    devices = _strings(plain, "approved_devices")
    for device in devices:
        if not _DEVICE.match(device):
            raise PolicyError(f"policy: approved_devices: {device!r} is no device key; write kind:value as the device's page shows it")
    body = json.dumps([restrictions, sorted(sanctioned), sorted(never), sorted(devices)])
    version = hashlib.sha256(body.encode()).hexdigest()[:8]
    return Policy(restrictions, sanctioned, never, frozenset(devices), version)


def _hosts(plain: Mapping[str, object], key: str) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in _strings(plain, key))
    for host in hosts:
        if not _HOST.match(host):
            raise PolicyError(f"policy: {key}: {host!r} is no host name; write login.example.com or *.example.com")
    return hosts


def _strings(plain: Mapping[str, object], key: str) -> tuple[str, ...]:
    listed = plain.get(key, ())
    if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
        raise PolicyError(f'policy: {key}: {listed!r} is not a list of strings; write ["...", "..."]')
    return tuple(str(one) for one in listed)
