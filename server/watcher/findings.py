"""Reads the finding a run keeps: JSON bytes to the judge's own type. Nothing here judges."""

import json
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from judge.finding import Finding

READ = 2048
"""Findings remembered, about 8 kB each: a decision reads all of its device's, and the next decision reads nearly the same ones."""
_finding: TypeAdapter[Finding] = TypeAdapter(Finding)


@lru_cache(maxsize=READ)
def read(body: bytes | None) -> Finding | None:
    """Return the finding, or None when the bytes hold none: a run without a finding is no evidence and must not stop the watcher."""
    if not body:
        return None
    try:
        plain = json.loads(body)
        if isinstance(plain, dict) and isinstance(device := plain.get("device"), dict) and "class" in device:
            device["device_class"] = device["class"]  # the promised name is no name in Python (judge/encode.py)
        return _finding.validate_python(plain)
    except (ValidationError, ValueError, RecursionError):
        return None
