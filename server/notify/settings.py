"""The configuration of notifications, `[notify]` and `[[notify.targets]]`. Nothing here opens a connection or reads a secret.

Secrets are never in this file: it names the environment variable or the file that holds one.
"""

import zoneinfo
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from server.section import Section, is_address
from server.watcher.kinds import Cause

TargetName = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
MOST_TARGETS = 64
"""Each has a task, and with Apprise a thread."""


class TargetSection(Section):
    """One receiver, `[[notify.targets]]`.

    `kind`: `apprise` (its address from `url_env` or `url_file`), `webhook` (`url`, signed with what `secret_env` or `secret_file` holds) or
    `mqtt` (the broker of `[broker]`). `severity`: the quietest it is told of on its own. `sites`, `regions`: names, `*` stands for
    anything; one that fits is enough.
    `digest_hour`: when in `zone` it gets what it was not told on its own; -1 for never.
    """

    name: TargetName
    kind: Literal["apprise", "webhook", "mqtt"]
    url: str = ""
    url_env: str = ""
    url_file: Path | None = None
    secret_env: str = ""
    secret_file: Path | None = None
    severity: Literal["P1", "P2", "P3", "P4"] = "P3"
    sites: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(default_factory=list)
    regions: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(default_factory=list)
    causes: list[str] = Field(default_factory=list)
    digest_hour: Annotated[int, Field(ge=-1, le=23)] = 8
    zone: str = "UTC"

    @field_validator("causes")
    @classmethod
    def _causes(cls, value: list[str]) -> list[str]:
        for one in value:
            if one not in get_args(Cause):
                raise ValueError(f"{one!r} is no cause; write some of {', '.join(sorted(get_args(Cause)))}")
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            if value != "UTC":
                raise ValueError(f"{value!r} is no time zone this machine knows; write an IANA name as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _complete(self) -> "TargetSection":
        if self.kind == "apprise":
            self._for_apprise()
        elif self.kind == "webhook":
            self._for_webhook()
        elif self.url or self.url_env or self.url_file or self.secret_env or self.secret_file:
            raise ValueError("kind: mqtt speaks to the broker of [broker] and needs no url and no secret; remove them")
        return self

    def _for_apprise(self) -> None:
        if self.url:
            raise ValueError("url: an Apprise address holds secrets; put it into a file or the environment and set url_file or url_env")
        if bool(self.url_env) == bool(self.url_file):
            raise ValueError("url_file: an Apprise target needs its address; set one of url_file and url_env")
        if self.secret_env or self.secret_file:
            raise ValueError("secret_file: an Apprise address holds its secrets itself; remove secret_env and secret_file")

    def _for_webhook(self) -> None:
        if not is_address(self.url, "http", "https"):
            raise ValueError(f"url: {self.url!r} is not an address; write https://host/path")
        if urlsplit(self.url).username or urlsplit(self.url).password:
            raise ValueError("url: holds a user or a password; remove them, letters are signed with secret_file or secret_env")
        if self.url_env or self.url_file:
            raise ValueError("url_file: is for Apprise; a webhook has url, and its secret in secret_file or secret_env")
        if bool(self.secret_env) == bool(self.secret_file):
            raise ValueError("secret_file: a webhook's letters are signed; set one of secret_file and secret_env")


class NotifySection(Section):
    """`console_url`: where people open the console, for links. `wait_s`: how long a letter waits for what belongs to it.

    `update_every_s`: the least time between letters about one alert that only grows. `give_up_after_h`: how old a letter nobody takes gets.
    """

    console_url: str = ""
    wait_s: Annotated[float, Field(ge=0, le=600)] = 30.0
    update_every_s: Annotated[float, Field(ge=0, le=86_400)] = 900.0
    give_up_after_h: Annotated[float, Field(gt=0, le=24 * 365)] = 72.0
    targets: Annotated[list[TargetSection], Field(max_length=MOST_TARGETS)] = Field(default_factory=list)

    @field_validator("console_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not is_address(value, "http", "https"):
            raise ValueError(f"{value!r} is not an address; write https://host")
        return value.rstrip("/")

    @field_validator("targets")
    @classmethod
    def _once(cls, value: list[TargetSection]) -> list[TargetSection]:
        first: dict[str, int] = {}
        for index, one in enumerate(value):
            if one.name in first:
                raise ValueError(f"{index}.name: {one.name} stands at targets.{first[one.name]} already; give it another name")
            first[one.name] = index
        return value
