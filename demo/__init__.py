"""The stand-in world; may import all, nothing imports it. For now: the centre and one real agent in one command."""
