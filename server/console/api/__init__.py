"""The REST API, `/api/v1`: a file for each part with its `ROUTES`, listed in `routes.py`. Rules of all of them: `route.py`, `serving.py`.

What an endpoint decides it does not decide here: it calls the same functions the command line calls.
"""
