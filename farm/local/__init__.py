"""Packages from a checkout on this machine, built as the farm builds them."""
