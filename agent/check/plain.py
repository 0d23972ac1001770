"""`check --json`: one object whose names are promised: added, never changed.

`status` (clean, findings, offline), `software`, `measured_ns`, `seconds`, `rows` (id, title, state, value, details, fails_when), then what
`judge.encode.judgement_plain` writes, and `samples`: every observation with its facts.
"""

import json

from agent.check.checked import Checked
from agent.reporter import SOFTWARE
from judge.encode import judgement_plain


def plain(checked: Checked) -> dict[str, object]:
    """Return a check as JSON objects."""
    head: dict[str, object] = {
        "status": checked.status,
        "software": SOFTWARE,
        "measured_ns": checked.measured_ns,
        "seconds": round(checked.seconds, 1),
    }
    rows = [
        {
            "id": row.id,
            "title": row.title,
            "state": row.state,
            "value": row.value,
            "details": list(row.details),
            "fails_when": row.fails_when,
        }
        for row in checked.rows
    ]
    samples = [
        {
            "observation": one.observation.model_dump(mode="json", exclude_defaults=True),
            "facts": one.facts.model_dump(mode="json", exclude_defaults=True),
        }
        for one in checked.samples
    ]
    return head | {"rows": rows} | judgement_plain(checked.judgement) | {"samples": samples}


def text(checked: Checked) -> str:
    """Return a check as JSON text."""
    return json.dumps(plain(checked), indent=1, ensure_ascii=False)
