"""A worker's `farm` that builds nothing, for tests of the master at speed."""
