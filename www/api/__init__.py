"""The farm's own REST interface, inside Buildbot's web server below /api/farm/v1/."""
