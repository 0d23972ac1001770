"""The configuration's section about bypass cases. Nothing else lives here."""

from typing import Annotated

from pydantic import Field

from server.section import Section


class CaseSection(Section):
    """When a case in which nothing changes reminds of itself, and how fast its agents probe.

    `remind_after_h`: hours without a change; `remind_every_h`: hours between further reminders. `cadence_s`: never slows an agent.
    """

    remind_after_h: Annotated[float, Field(gt=0, le=8760)] = 24.0
    remind_every_h: Annotated[float, Field(gt=0, le=8760)] = 168.0
    cadence_s: Annotated[float, Field(ge=5, le=86_400)] = 15.0
