"""The configuration's section `[feed]`: whether this centre asks Microsoft's endpoint web service, for which instances, by which way."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from judge.knowledge.endpoints import Instance
from server.section import Section, Tenant, is_address


class FeedSection(Section):
    """Off unless enabled: a centre calls nobody unasked (docs/decisions/022-the-endpoint-feed.md). Without it the shipped list is used.

    `tenant`: its name goes along, as the service offers. `proxy`: `http://host:port` for this and nothing else; one with a password
    belongs into MIDDLEWATCH_FEED__PROXY.
    """

    enabled: bool = False
    instances: Annotated[tuple[Instance, ...], Field(min_length=1, max_length=4)] = ("Worldwide",)
    url: str = "https://endpoints.office.com"
    tenant: Tenant = ""
    proxy: str = ""

    @field_validator("instances")
    @classmethod
    def _once(cls, value: tuple[Instance, ...]) -> tuple[Instance, ...]:
        return tuple(dict.fromkeys(value))

    @field_validator("url")
    @classmethod
    def _secure(cls, value: str) -> str:
        here = is_address(value, "http") and urlsplit(value).hostname in {"localhost", "127.0.0.1", "::1"}
        if not is_address(value, "https") and not here:
            raise ValueError(f"{value!r} is not an https address; write https://endpoints.office.com")
        return value.rstrip("/")

    @field_validator("proxy")
    @classmethod
    def _a_proxy(cls, value: str) -> str:
        if value and not is_address(value, "http", "https"):
            raise ValueError("proxy: is not a proxy's address; write http://proxy.contoso.com:3128")
        return value
