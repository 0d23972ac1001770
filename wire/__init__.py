"""What crosses the network: models, vocabulary, topics, codec.

Imports pydantic and the standard library, nothing of ours. The schema only grows: a field keeps its name and
type for ever (`tests/wire/golden.json` holds that). Anything here is a fact or a request, never a judgement's code.
"""
