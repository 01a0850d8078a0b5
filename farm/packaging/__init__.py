"""Generated packaging: what `make install` installs, split into packages, as text."""
