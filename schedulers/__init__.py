"""The Buildbot schedulers that carry the planner's decisions out."""
