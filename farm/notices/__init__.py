"""What people are told of failures: who, what, and when, without sending any of it.

What to tell is derived: the difference between how a line stands and what was told of it. So a
restart tells nothing twice and loses nothing, and a rebuild that fails as the one before did says
nothing.
"""
