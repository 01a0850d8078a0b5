"""Build backends: a source tree and repositories in; packages, log and buildinfo out."""
