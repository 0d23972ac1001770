"""One row, as it is shown in a table, a page and a ticket. Data only."""

from dataclasses import dataclass
from typing import Literal

State = Literal["pass", "attention", "information", "unmeasured"]
"""`attention`: Microsoft's test would fail this row, or a rule of ours that is named as such. `unmeasured` rows say why in `value`."""


@dataclass(frozen=True, slots=True)
class Row:
    """`value` is one short line with units and counts, `details` what proves it, line by line. `fails_when` is the row's own rule."""

    id: str
    title: str
    state: State
    value: str
    details: tuple[str, ...] = ()
    fails_when: str = ""
