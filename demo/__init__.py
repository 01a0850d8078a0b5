"""The demo: a stack of real software, built and published on this machine alone."""
