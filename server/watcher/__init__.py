"""What needs time or the fleet: devices and their events, told once. Start reading at `server/watcher/watcher.py`.

Decisions are pure (`turns.py`, `devices.py`, `identity.py`, `sentences.py`); one active watcher applies them.
"""
