"""Loads the fixtures that more than one folder of tests uses. Fixtures themselves live beside what they are about."""

pytest_plugins = ["tests.servers.fixtures"]
