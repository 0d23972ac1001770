"""Grafana's dashboards and rules on the system: small typed builders, the JSON they make, and the provisioning files. No I/O here.

`scripts/dashboards` writes `json/` and `provisioning/alerting/`; a test holds that what is committed is what is made. Why so:
docs/decisions/009-dashboards.md.
"""
