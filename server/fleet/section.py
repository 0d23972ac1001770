"""The configuration's section `[plans]`: whether this centre issues plans by topic, with which key, for which instance and tenant."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from judge.knowledge.endpoints import Instance
from server.section import Section, Tenant


class PlansSection(Section):
    """`key`: the Ed25519 key plans are signed with (`middlewatch-server plan key`); without it no plan is issued.

    `template`: a plan as `middlewatch-server plan make` writes it and a person changed it; without it the instance's default plan.
    `cadence_s` stands over either. Targets, prefixes and names follow the endpoint list in use.
    """

    key: Path | None = None
    template: Path | None = None
    instance: Instance = "Worldwide"
    tenant: Tenant = ""
    cadence_s: Annotated[float, Field(ge=5, le=86_400)] | None = None

    @model_validator(mode="after")
    def _signed(self) -> "PlansSection":
        if self.key is None and (self.template is not None or self.cadence_s is not None):
            raise ValueError("key: is missing, and a plan must be signed; make one with middlewatch-server plan key")
        return self
