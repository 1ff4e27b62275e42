"""Presstime publishes what is in Git, when it is due, once, on every network, and can prove it."""

__version__ = "0.1.0"
