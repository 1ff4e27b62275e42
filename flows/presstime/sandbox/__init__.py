"""Twin networks on this machine: what the real ones do to a publisher, without readers.

A twin is not the network. It follows the vendor's documentation, and is held to it by the vendor's own contract files and by
other people's clients (tests/networks, tests/real).
"""
