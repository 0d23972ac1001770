"""Loads the fixtures that more than one folder of tests uses. Fixtures themselves live beside what they are about.

`from tests.x import y` works because pytest imports this file as `tests.conftest`, which makes `tests` this folder: gmqtt 0.8.0 installs a
package of that name by mistake, so a program outside pytest that imports `tests` gets gmqtt's.
"""

pytest_plugins = ["tests.servers.fixtures"]
