"""A developer's workspace: the stack's checkouts, built into a prefix on the own machine."""
