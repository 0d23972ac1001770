"""Reports in, receipts out: decode, ledger, judge, points, store, runs. One order for all, in `pipeline.py`.

A collector keeps nothing that a crash could lose: its caches hold content-addressed things only, or carry the revision that proves them.
"""
