"""Talking to a running farm through its REST interface."""
