"""The sub-commands of `middlewatch-server`, a file each: arguments and sentences only. `doing.py` says how each of them begins and ends."""
