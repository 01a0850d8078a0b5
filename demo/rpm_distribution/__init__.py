"""A small RPM distribution made from the machine's own Debian packages.

It stands in for a real one where none can be reached: one RPM per Debian package, with rpmbuild's
own soname and pkgconfig dependencies and a ``@buildsys-build`` group, so that dnf resolves and
installs clean roots and clients as it would for Fedora or Enterprise Linux.
"""

from demo.rpm_distribution.build import build_distribution
from demo.rpm_distribution.catalogue import HOST_PACKAGES

__all__ = ["HOST_PACKAGES", "build_distribution"]
