"""Archives: assemble, sign, verify, flip. Usable without Buildbot."""
