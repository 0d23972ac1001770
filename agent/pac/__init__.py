"""PAC files, evaluated in a process of their own that can be killed at any time: `python -m agent.pac`.

`asking.py` is the agent's side; `engine.py`, `prelude.js` and `__main__.py` are the child's and are imported by nobody else. A PAC file
is a stranger's program: the process that runs it checks no certificate and no signature, has no socket, and asks its parent for names.
"""
