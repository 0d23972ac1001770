"""From events to alerts and letters: pure rules over stored rows with time as an argument. No database, no clock, no network."""
