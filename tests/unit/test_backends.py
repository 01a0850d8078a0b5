"""Each distro gets the backend that its configuration names."""

from __future__ import annotations

import pytest

from farm.build.backends import backend_for
from farm.model import Distro, Family, Root

DEB = Root(suite="bookworm")
DNF = Root(repositories={"base": "file:///srv/base"})
MOCK = Root(mock="rocky-9-x86_64")


@pytest.mark.parametrize(
    ("family", "root", "backend", "expected"),
    [
        (Family.DEB, DEB, None, "DebOverlay"),
        (Family.DEB, DEB, "sbuild", "Sbuild"),
        (Family.RPM, DNF, None, "OverlayBackend"),
        (Family.RPM, MOCK, None, "Mock"),
    ],
)
def test_backend_of_a_distro(
    family: Family, root: Root, backend: str | None, expected: str
) -> None:
    distro = Distro(
        name="x",
        family=family,
        release="X 1",
        architecture="amd64",
        root=root,
        version_suffix="~x1",
        backend=backend,
    )

    assert type(backend_for(distro)).__name__ == expected
