"""Generated packaging of real software of many kinds, without an error of lintian or rpmlint."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.model import Distro, Family
from tests.upstream import (
    UPSTREAMS,
    Upstream,
    bookworm,
    lint_errors,
    package,
    rpm_distro,
)

pytestmark = pytest.mark.real

ON_RPM = [one for one in UPSTREAMS.values() if one.rpm is not None]


@pytest.fixture(scope="module")
def rpm() -> Distro:
    return rpm_distro(all_tools=True)


@pytest.mark.parametrize("upstream", UPSTREAMS.values(), ids=lambda one: one.source)
def test_debian_packages_are_without_error(upstream: Upstream, tmp_path: Path) -> None:
    packaged = package(upstream, bookworm(), tmp_path)
    assert packaged.packages == sorted(upstream.packages)
    assert lint_errors(upstream, packaged, Family.DEB) == []


@pytest.mark.parametrize("upstream", ON_RPM, ids=lambda one: one.source)
def test_rpms_are_without_error(upstream: Upstream, rpm: Distro, tmp_path: Path) -> None:
    packaged = package(upstream, rpm, tmp_path)
    assert lint_errors(upstream, packaged, Family.RPM) == []
