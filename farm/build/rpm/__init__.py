"""Building RPMs in clean roots: with dnf, overlayfs and rpmbuild, or with mock."""
