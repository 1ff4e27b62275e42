"""Conformance suites: one set of rules, run against every implementation of a port, twins included."""
