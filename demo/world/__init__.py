"""The network the demo's agents measure, as one process: front doors, resolvers, reflectors, and one link for each site, all on loopback.

Bytes, TLS and certificates are real; distances, names and addresses are not. Nothing here connects to anything but 127.0.0.1.
"""
