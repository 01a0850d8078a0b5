"""What to build, and why: build keys, the planner and its reasons. Pure functions on plain data."""
