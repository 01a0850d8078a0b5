"""Long-running parts of the master besides schedulers and the web UI."""
