"""`middlewatch-agent check`: one look at how this machine reaches Microsoft 365, judged here and told to a person.

The only room of the agent that imports the judge, besides the child. `checking.py` measures, `plan.py` says what, `judge/connectivity/`
makes the rows; `terminal.py`, `page.py`, `markdown.py` and `plain.py` show one and the same `Checked`.
"""
