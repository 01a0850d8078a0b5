"""The farm's own records: heads, builds, generations and snapshots, in a database of its own."""
