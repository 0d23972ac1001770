"""The simulated fleet: sites of a made-up company with one agent each, sent by one process over one connection. Nothing here is measured.

Every report says `lab` and `simulated fleet`, every agent is called `sim-<city>-01`, so that no page can take it for real.
"""
