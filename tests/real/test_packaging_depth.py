"""Generated packaging of real software: three of the kinds that `make test-full` builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.model import Family
from tests.upstream import (
    UPSTREAMS,
    bookworm,
    lint_errors,
    package,
    rpm_distro,
)

pytestmark = pytest.mark.real


@pytest.mark.parametrize("source", ["libinih", "earlyoom", "python-tomli"])
def test_debian_packages_are_without_error(source: str, tmp_path: Path) -> None:
    upstream = UPSTREAMS[source]
    packaged = package(upstream, bookworm(), tmp_path)
    assert packaged.packages == sorted(upstream.packages)
    assert lint_errors(upstream, packaged, Family.DEB) == []


def test_rpms_are_without_error(tmp_path: Path) -> None:
    upstream = UPSTREAMS["earlyoom"]
    packaged = package(upstream, rpm_distro(all_tools=False), tmp_path)
    assert lint_errors(upstream, packaged, Family.RPM) == []
