"""The upgrade test: a clean machine with what is live takes what is to be published."""
