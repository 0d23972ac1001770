"""Tells people and machines outside: folds events into alerts, keeps a queue for each target. Rules are `server/watcher/notices/`'s."""
