"""What a check found: judgement, rows, samples. Data and the status that follows from it; the same for all four ways to show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from judge.connectivity.look import Sample
from judge.connectivity.row import Row
from judge.finding import Finding, Judgement
from judge.overall import told
from wire.vocabulary import Verdict

Status = Literal["clean", "findings", "offline"]
EXIT: dict[Status, int] = {"clean": 0, "findings": 1, "offline": 2}
_OVER_TCP = ("https", "http")
_SILENT: frozenset[Verdict] = frozenset({"unreachable", "inconclusive"})
"""What is said of a network that answers nothing: a datagram's silence is inconclusive by itself."""
_NO_DEVICE: frozenset[Verdict] = frozenset({"clean", "sanctioned", "unreachable", "inconclusive"})


@dataclass(frozen=True, slots=True)
class Checked:
    """One check, judged. `asked` are the names of the plan's own targets; the other findings are of required names looked at once."""

    judgement: Judgement
    measured_ns: int
    seconds: float
    rows: tuple[Row, ...] = ()
    samples: tuple[Sample, ...] = ()
    certificates: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    asked: frozenset[str] = frozenset()
    lab: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what counts: all of the plan's own, and of the required names those that speak of a device."""
        found = told(self.judgement.findings)
        return tuple(one for one in found if not self.asked or one.target.name in self.asked or one.verdict not in _NO_DEVICE)

    @property
    def status(self) -> Status:
        """Return `offline` when nothing at all was reached, the control included: then nobody is to blame but this machine's link."""
        verdicts = {one.verdict for one in self.findings}
        if {one.verdict for one in self.findings if one.target.protocol in _OVER_TCP} <= {"unreachable"} and verdicts <= _SILENT:
            return "offline"
        return "clean" if verdicts <= {"clean", "sanctioned"} else "findings"
