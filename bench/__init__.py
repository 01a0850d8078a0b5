"""Benchmarks: each prints a ratio against a peer or a floor, and ends with one line of JSON."""
