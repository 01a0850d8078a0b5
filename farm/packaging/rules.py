"""debian/rules: debhelper's sequencer, and what a component does differently."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from farm.buildsystem import Kind
from farm.packaging.build_tools import SHARED_LIBRARIES, kind_of, python_line, rules_line
from farm.packaging.info import PackagingInfo
from farm.packaging.text import render, whole_line

_CONFIGURE = (
    "./configure --build=$(DEB_BUILD_GNU_TYPE) --prefix=/usr --sysconfdir=/etc",
    "--localstatedir=/var --libdir=/usr/lib/$(DEB_HOST_MULTIARCH)",
    "--includedir=/usr/include --mandir=/usr/share/man --infodir=/usr/share/info",
    "--disable-silent-rules --disable-maintainer-mode --disable-dependency-tracking",
)
"""What dh_auto_configure passes, without the options of autoconf 2.70."""

_FOREIGN = (Kind.DUNE, Kind.CARGO)
"""Build systems that debhelper alone does not know."""
_KNOWN_TO_DEBHELPER = (Kind.MESON, Kind.CMAKE, Kind.PYTHON)
_UNCONFIGURED = (*_FOREIGN, Kind.PYTHON)
_BUILD_SYSTEMS = {
    Kind.MESON: " --buildsystem=meson",
    Kind.CMAKE: " --buildsystem=cmake",
    Kind.PYTHON: " --buildsystem=pybuild",
}
"""Said, since debhelper's own search may find another one: a tree may have files of several."""
_OPTIONS = {
    **_BUILD_SYSTEMS,
    Kind.CONFIGURE: " --without autoreconf",
    Kind.PYTHON: " --with python3 --buildsystem=pybuild",
}


@dataclass(frozen=True)
class _Target:
    name: str
    lines: tuple[str, ...]


def debian_rules(info: PackagingInfo) -> str:
    """The text of debian/rules.

    It does not depend on the binary packages, so a build under provisional packaging is the same
    build. ``debian/rules override_dh_auto_install`` installs into debian/tmp, also when there is
    one binary package only.
    """
    kind = kind_of(info)
    plain = kind is Kind.MAKE and info.commands.configure is None
    old = (
        info.has_configure and info.commands.configure is None and not info.details.modern_configure
    )
    targets = [
        _override("configure", info.commands.configure) or _configure(info, old),
        _override("build", info.commands.build) or _build(info, plain),
        _override("test", info.commands.test) or _test(info),
        _install(info, plain),
    ]
    return render(
        "rules.j2",
        plain_makefile=plain,
        has_configure=info.has_configure,
        options=_OPTIONS.get(kind, ""),
        home=kind in _FOREIGN,
        old_configure=old,
        overrides=[t for t in targets if t],
    )


def make_escape(command: str) -> str:
    """A shell line as a recipe line of make that runs just that.

    ``$`` is doubled; a first character with a meaning to make, and a backslash that would
    continue the line, lose it.
    """
    line = whole_line(command).replace("$", "$$")
    return f": && {line}" if line[:1] in ("@", "-", "+") else line


def _override(step: str, command: str | None) -> _Target | None:
    """The target for a command from components.yml; an empty command gives an empty recipe."""
    if command is None:
        return None
    return _Target(f"override_dh_auto_{step}", (make_escape(command),) if command else ())


def _configure(info: PackagingInfo, old: bool) -> _Target | None:
    """debhelper's own call; for an older ./configure one without the options it refuses."""
    shared = (SHARED_LIBRARIES,) if kind_of(info) is Kind.CMAKE else ()
    given = (*shared, *info.configure_arguments)
    arguments = " ".join(shlex.quote(a) for a in given).replace("$", "$$")
    if kind_of(info) in _UNCONFIGURED or not (old or arguments):
        return None
    lines: tuple[str, ...]
    if old:
        lines = (*_CONFIGURE, arguments) if arguments else _CONFIGURE
    else:
        lines = (f"dh_auto_configure -- {arguments}",)
    return _Target("override_dh_auto_configure", (" \\\n\t\t".join(lines),))


def _build(info: PackagingInfo, plain: bool) -> _Target | None:
    if plain:
        return _Target("override_dh_auto_build", ("dh_auto_build $(ARGUMENTS)",))
    if kind_of(info) in _FOREIGN:
        return _Target("override_dh_auto_build", (rules_line(info, info.details.system.build),))
    return None


def _test(info: PackagingInfo) -> _Target | None:
    """The target by its name: debhelper's own search takes a directory ``test`` for a target."""
    kind, line = kind_of(info), info.details.system.test
    if kind in _FOREIGN:
        return _Target("override_dh_auto_test", (rules_line(info, line),) if line else ())
    if kind in _KNOWN_TO_DEBHELPER:
        return None if line else _Target("override_dh_auto_test", ())
    if not info.test_target:
        return None
    return _Target("override_dh_auto_test", (f"$(MAKE) {info.test_target} VERBOSE=1",))


def _install(info: PackagingInfo, plain: bool) -> _Target:
    command, old_python = info.commands.install, info.details.unversioned_python
    if command is None and kind_of(info) in _FOREIGN:
        install: tuple[str, ...] = (rules_line(info, info.details.system.install),)
    elif command is None:
        arguments = " $(ARGUMENTS)" if plain else ""
        # This target also runs alone, without what dh is told.
        system = _BUILD_SYSTEMS.get(kind_of(info), "")
        install = (f"dh_auto_install{system} --destdir=debian/tmp{arguments}",)
    else:
        install = (
            "mkdir -p debian/tmp",
            *((f"export DESTDIR=$(CURDIR)/debian/tmp; {make_escape(command)}",) if command else ()),
        )
    return _Target(
        "override_dh_auto_install",
        (
            *install,
            "find debian/tmp -name '*.la' -delete",
            "rm -f debian/tmp/usr/share/info/dir",
            *((make_escape(python_line("debian/tmp")),) if old_python else ()),
        ),
    )
