"""The stand-in world; may import all, nothing imports it."""
