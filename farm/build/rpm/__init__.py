"""Building RPMs in clean roots: with dnf, overlayfs and rpmbuild, or with mock.

What both backends share: `source` collects what goes into a source package (`own_spec` and
`sections` for components that bring a spec, `archive` for the tarball), `rpmbuild` says what
rpmbuild is told and what a finished build saves, `output` reads what it prints, `inputs` offers
other components' packages to dnf, `results` and `buildinfo` record what was made.

`overlay` is the backend with roots from dnf: `roots` makes and keeps them, `dependencies` has dnf
resolve what a build needs and keeps it in layers. `mock` is the other one; `mock_command` is what
mock is told and what its exit status means.
"""
