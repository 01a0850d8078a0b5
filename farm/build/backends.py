"""Choosing the build backend of a distro."""

from __future__ import annotations

from farm.build.interface import Backend
from farm.model import Distro, Family


def backend_for(distro: Distro) -> Backend:
    """The backend that builds for `distro`, as its configuration says.

    Only the modules of that backend are imported: a deb worker needs none of the rpm tools, and
    a job starts quickly.
    """
    match distro.family, distro.build_backend:
        case Family.DEB, "sbuild":
            from farm.build.deb.sbuild import Sbuild

            return Sbuild()
        case Family.DEB, _:
            from farm.build.deb.overlay import DebOverlay

            return DebOverlay()
        case _, "mock":
            from farm.build.rpm.mock import Mock

            return Mock()
        case _:
            from farm.build.rpm.overlay import OverlayBackend

            return OverlayBackend()
