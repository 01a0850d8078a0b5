"""Building Debian packages: roots by mmdebstrap, builds in an overlay of one or by sbuild."""
