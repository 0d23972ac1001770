"""From the configuration to what sends: reads the secrets, makes the channels, names what is missing. Nothing is sent here."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from server.config import BadConfiguration, Settings
from server.ingest.mqtt import BrokerSettings
from server.ingest.secure import broker_settings
from server.notify.channel import Channel
from server.notify.mqtt import Mqtt
from server.notify.sending import Outlet
from server.notify.settings import TargetSection
from server.notify.webhook import Webhook
from server.watcher.notices.routing import Rule

SHORTEST_SECRET = 16
"""Characters: below, a signature could be guessed by trying."""


def rules_of(settings: Settings) -> list[Rule]:
    """Return what each target wants to be told."""
    return [
        Rule(one.name, one.severity, tuple(one.sites), tuple(one.regions), frozenset(one.causes), one.digest_hour, one.zone)
        for one in settings.notify.targets
    ]


def outlets_of(
    settings: Settings,
    now: Callable[[], int],
    environment: Mapping[str, str] = os.environ,
    only: str = "",
    broker: BrokerSettings | None = None,
) -> list[Outlet]:
    """Return the targets, ready to send; only the one named, if one is. Raises BadConfiguration with every problem there is.

    `broker` is where to publish when it is not simply `[broker]`: the embedded one has a password nobody configured.
    """
    problems: list[str] = []
    outlets: list[Outlet] = []
    for index, one in enumerate(settings.notify.targets):
        if only and one.name != only:
            continue
        place = f"config: notify.targets.{index}"
        try:
            outlets.append(Outlet(one.name, _channel(settings, one, now, environment, broker), settings.notify.give_up_after_h * 3600))
        except _Wrong as wrong:
            problems.append(f"{place}.{wrong}")
    if problems:
        raise BadConfiguration(problems)
    return outlets


class _Wrong(Exception):  # noqa: N818 - a problem of one target
    """One sentence that begins with the setting."""


def _channel(
    settings: Settings, one: TargetSection, now: Callable[[], int], environment: Mapping[str, str], broker: BrokerSettings | None
) -> Channel:
    if one.kind == "webhook":
        secret = _secret("secret", one.secret_env, one.secret_file, environment)
        if len(secret) < SHORTEST_SECRET:
            raise _Wrong(f"secret_file: its secret has {len(secret)} characters; make one of at least {SHORTEST_SECRET}")
        return Webhook(one.url, secret.encode(), now)
    if one.kind == "mqtt":
        return Mqtt(broker or broker_settings(settings.broker))
    return _apprise(one, _secret("url", one.url_env, one.url_file, environment))


def _apprise(one: TargetSection, url: str) -> Channel:
    from server.notify.by_apprise import BadAddress, ByApprise  # noqa: PLC0415 - 0.4 s and 28 MB (measured), only where it is used

    try:
        return ByApprise(one.name, url)
    except BadAddress as bad:
        raise _Wrong(f"{'url_env' if one.url_env else 'url_file'}: {bad}") from None


def _secret(what: str, variable: str, file: Path | None, environment: Mapping[str, str]) -> str:
    if variable:
        found = environment.get(variable, "").strip()
        if not found:
            raise _Wrong(f"{what}_env: the environment has no {variable}; set it where the server is started")
        return found
    try:
        found = (file or Path()).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _Wrong(f"{what}_file: {file} cannot be read ({getattr(error, 'strerror', 'not text')}); check path and rights") from None
    if not found:
        raise _Wrong(f"{what}_file: {file} is empty; write the {'address' if what == 'url' else 'secret'} into it")
    return found
