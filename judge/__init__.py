"""Report + knowledge + policy -> findings. Pure: no I/O, no clock, no asyncio; time is an argument.

Imports wire and nothing else of ours. Only `judge/knowledge/loader.py` reads files. Start reading at `judge/judgement.py`.
"""
