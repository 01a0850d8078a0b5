"""Building a published source package again, as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TextIO

import createrepo_c
from debian.changelog import Changelog

from farm.build.backends import backend_for
from farm.build.interface import BuildOutcome, BuildRequest, InputPackage
from farm.errors import FarmError
from farm.model import Commands, Distro, Family
from farm.packaging.info import PackagingInfo
from farm.run import run
from farm.version import SourceVersion

TIMEOUT_S = 24 * 3600
_OURS = re.compile(r"(?P<upstream>[^-]+)-1(?P<rest>[^-]*)$")


def rebuild(
    source: Path,
    name: str,
    distro: Distro,
    inputs: Sequence[InputPackage],
    cache: Path,
    scratch: Path,
    log: TextIO,
) -> BuildOutcome:
    """Build a source package in a clean root; the results are in ``scratch/out``.

    :param source: the .dsc, with its tarballs beside it, or the .src.rpm.
    :param name: the component's.
    :param scratch: an empty directory.
    :raises FarmError: it cannot be read, or is none of the farm's.
    :raises BuildFailure: it does not build.
    """
    out, tree = scratch / "out", scratch / "tree"
    out.mkdir()
    if distro.family is Family.DEB:
        run("unpack the source", ["dpkg-source", "--no-check", "-x", source, tree], log=log)
        text = (tree / "debian/changelog").read_text(errors="replace")
        version, timestamp, maintainer = _newest(text)
        package = None
    else:
        tree.mkdir()
        version, timestamp, maintainer = _rpm_facts(source)
        package = source
    info = PackagingInfo(
        name=name,
        version=source_version(version, distro.version_suffix),
        version_suffix=distro.version_suffix,
        summary="",
        description="",
        licence="",
        homepage="",
        vcs="",
        commit="",
        maintainer=maintainer,
        timestamp=timestamp,
        changes=(),
        build_depends=(),
        commands=Commands.model_construct(),
        configure_arguments=(),
        has_configure=False,
        test_target="",
    )
    request = BuildRequest(
        info, tree, True, distro, tuple(inputs), cache, out, TIMEOUT_S, source_package=package
    )
    return backend_for(distro).build(request, log)


def source_version(version: str, suffix: str) -> SourceVersion:
    """The parts of a version that the farm gave: ``1.0-1~deb12+r2`` is the third build of 1.0.

    :raises FarmError: the farm gives no such versions.
    """
    plain = version.partition(":")[2] or version
    found = _OURS.match(plain)
    again = rf"{re.escape(suffix)}(?:(?:\+r|\.)(\d+))?"
    rebuilt = re.fullmatch(again, found["rest"]) if found else None
    if not found or not rebuilt:
        raise FarmError(f"{version} is no version that the farm gives on a distro of {suffix}")
    return SourceVersion(found["upstream"], int(rebuilt[1] or 0))


def _newest(changelog: str) -> tuple[str, int, str]:
    """Version, time and maintainer of the newest entry of a debian/changelog."""
    newest = Changelog(changelog, max_blocks=1)[0]
    when = int(parsedate_to_datetime(str(newest.date)).timestamp())
    return str(newest.version), when, str(newest.author)


def _rpm_facts(package: Path) -> tuple[str, int, str]:
    """Version, time of the commit and packager of a source RPM."""
    try:
        head = createrepo_c.package_from_rpm(str(package))
    except Exception as error:  # the bindings raise nothing narrower
        raise FarmError(f"{package.name} is not a readable RPM: {error}") from error
    # The farm's builds say that they were made when their commit was.
    return f"{head.version}-{head.release}", int(head.time_build), head.rpm_packager or ""
