"""Copies of a farm's state that it can be started from again, taken while it runs.

Databases first, then what they refer to: a farm that finds more packages and snapshots than its
records know takes them in, while the other way round it would miss some.
"""
