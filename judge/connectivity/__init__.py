"""The rows of Microsoft's own connectivity test, made from what one machine measured, with our verdicts beside. Pure.

Start at `rows.py`. Each row is one function of `Look` in the file of its subject; a threshold is Microsoft's and says so, or ours and says
so. What was not measured is a row that says why, never a pass.
"""
