"""A farm that grows while it runs: new distros, and workers on new machines."""
