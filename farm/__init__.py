"""What a build farm knows without Buildbot: components, graph, plans, packaging, builds."""
