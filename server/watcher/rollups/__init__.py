"""Rollups: hours and days of a site summed up from raw points, what is usual at a time of the week, and since when it has changed.

`local_time.py`, `windows.py`, `sketch.py`, `tally.py`, `baseline.py`, `change.py` and `trend.py` are pure; `duty.py` and `watching.py`
act on the stores, `reading.py` answers who asks.
"""
