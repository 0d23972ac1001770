"""The endpoint program: probes, spool, uplink. Imports wire; judge only in `check.py` and the short-lived child. Never server."""
