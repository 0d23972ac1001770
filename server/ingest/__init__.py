"""Sources of reports behind one port (`port.py`): mqtt, later others. The only sockets of the intake."""
