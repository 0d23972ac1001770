"""What the centre serves over HTTP: health and metrics, the reflector; later the pages. A socket room."""
