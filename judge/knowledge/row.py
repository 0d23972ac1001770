"""What every row of the knowledge shares: a grade, an origin, no unknown keys. Types only; rows stand beside their look-ups."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from wire.vocabulary import Grade


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
Name = Annotated[str, Field(min_length=1)]


class Row(BaseModel):
    """A row says how well it is known and who says so. A misspelt key is refused: a rule must not be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grade: Grade
    origin: Name


class Signature(Row):
    """A row that recognises something. A recalled one (grade D) is kept for the record and never used: `enabled = false`."""

    enabled: bool = True

    @model_validator(mode="after")
    def _recalled_is_off(self) -> "Signature":
        if self.grade == "D" and self.enabled:
            raise ValueError("grade D is recalled, not seen: write enabled = false, or the sighting and its grade")
        return self
