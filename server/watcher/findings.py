"""Reads the finding a run keeps: JSON bytes to the judge's own type. Nothing here judges."""

from pydantic import TypeAdapter, ValidationError

from judge.finding import Finding

_finding: TypeAdapter[Finding] = TypeAdapter(Finding)


def read(body: bytes | None) -> Finding | None:
    """Return the finding, or None when the bytes hold none: a run without a finding is no evidence and must not stop the watcher."""
    if not body:
        return None
    try:
        return _finding.validate_json(body)
    except ValidationError:
        return None
