"""What rpmbuild is told: macros, arguments, and what its passes may share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from farm.build.rpm.sections import Section, join_sections, split_sections

HOME = "/builddir"
"""The build user's home in the root, as mock names it."""

TOP_DIRECTORY = f"{HOME}/build"
BUILD_HOST = "farm"

MACROS = f"""%_topdir {TOP_DIRECTORY}
%_buildhost {BUILD_HOST}
%_rpmfilename %%{{NAME}}-%%{{VERSION}}-%%{{RELEASE}}.%%{{ARCH}}.rpm
%use_source_date_epoch_as_buildtime 1
%clamp_mtime_to_source_date_epoch 1
"""
"""The build user's ``.rpmmacros``: with SOURCE_DATE_EPOCH set, equal sources give equal bytes."""

LENIENT = (
    "--define=_unpackaged_files_terminate_build 0",
    # Of the debug packages, when nothing was compiled.
    "--define=_empty_manifest_terminate_build 0",
)
"""Options for a spec that does not know yet what it packages."""

_COMPILING = ("prep", "conf", "build")
_BUILD_ARCHITECTURE = re.compile(
    r"^[ \t]*BuildArch(?:itectures)?[ \t]*:.*$", re.IGNORECASE | re.MULTILINE
)
_MACRO = re.compile(r"^[ \t]*%(?:global|define)\b.*$", re.MULTILINE)


class Reuse(Enum):
    """How much of a build with one spec serves to package with another."""

    NOTHING = "nothing"
    COMPILED = "compiled"
    """What the build section left; it is installed again."""
    INSTALLED = "installed"
    """The build root as it is."""


def source_argv(spec: str, architecture: str) -> list[str]:
    """Make the SRPM of a spec."""
    return ["rpmbuild", "-bs", "--nodeps", "--target", architecture, spec]


def install_argv(spec: str, architecture: str) -> list[str]:
    """Build, install into the build root and test, for a spec that names no files yet."""
    return ["rpmbuild", "-bi", "--noclean", "--target", architecture, *LENIENT, spec]


def package_argv(architecture: str, reuse: Reuse) -> list[str]:
    """Build the binary packages of an SRPM, whose path has to follow these arguments.

    What `install_argv` left is used as far as it serves. The packages come from the SRPM and not
    from its spec, since rpm writes into each package whether they did: only then does rebuilding
    the published SRPM give the same bytes.
    """
    return ["rpmbuild", "-rb", "--noclean", "--target", architecture, *skipping(reuse)]


def skipping(reuse: Reuse) -> list[str]:
    """Options with which rpmbuild skips what an earlier build has done."""
    if reuse is Reuse.NOTHING:
        return []
    sections = ("conf", "build", *(("install",) if reuse is Reuse.INSTALLED else ()))
    # --short-circuit would do the same, and mark the packages as not to be installed.
    skipped = [f"--define=__spec_{section}_cmd /bin/true" for section in sections]
    return ["--noprep", "--nocheck", *skipped]


def reuse_between(built: str, final: str) -> Reuse:
    """What a build with the spec `built` leaves to do for packaging with the spec `final`."""

    def same(*names: str) -> bool:
        return _sections(built, names) == _sections(final, names)

    # Of the whole package: a noarch subpackage is built like the others.
    noarch = [_BUILD_ARCHITECTURE.findall(split_sections(spec)[0].text) for spec in (built, final)]
    if not same(*_COMPILING, "check") or noarch[0] != noarch[1]:
        return Reuse.NOTHING
    if not same("install") or _MACRO.findall(built) != _MACRO.findall(final):
        return Reuse.COMPILED
    return Reuse.INSTALLED


def without_files(spec: str) -> str:
    """The spec without its file lists: nothing is packaged, and nothing looked for."""
    return join_sections([s for s in split_sections(spec) if s.name != "files"])


def _sections(spec: str, names: Sequence[str]) -> list[Section]:
    wanted = [section for section in split_sections(spec) if section.name in names]
    return [Section(section.name, section.text.strip()) for section in wanted]
