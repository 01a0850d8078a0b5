"""debian/rules: debhelper's sequencer, and what a component does differently."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from farm.packaging.info import PackagingInfo
from farm.packaging.text import render, whole_line

_CONFIGURE = (
    "./configure --build=$(DEB_BUILD_GNU_TYPE) --prefix=/usr --sysconfdir=/etc",
    "--localstatedir=/var --libdir=/usr/lib/$(DEB_HOST_MULTIARCH)",
    "--includedir=/usr/include --mandir=/usr/share/man --infodir=/usr/share/info",
    "--disable-silent-rules --disable-maintainer-mode --disable-dependency-tracking",
)
"""What dh_auto_configure passes, without the options of autoconf 2.70."""


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
    configured = info.has_configure or info.details.needs_autoreconf
    plain = not configured and info.commands.configure is None
    old = (
        info.has_configure and info.commands.configure is None and not info.details.modern_configure
    )
    targets = [
        _override("configure", info.commands.configure) or _configure(info, old),
        _override("build", info.commands.build) or (_plain_build() if plain else None),
        _override("test", info.commands.test) or _test(info),
        _install(info, plain),
    ]
    return render(
        "rules.j2",
        plain_makefile=plain,
        has_configure=info.has_configure,
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
    arguments = " ".join(shlex.quote(a) for a in info.configure_arguments).replace("$", "$$")
    if not (old or arguments):
        return None
    lines: tuple[str, ...]
    if old:
        lines = (*_CONFIGURE, arguments) if arguments else _CONFIGURE
    else:
        lines = (f"dh_auto_configure -- {arguments}",)
    return _Target("override_dh_auto_configure", (" \\\n\t\t".join(lines),))


def _plain_build() -> _Target:
    return _Target("override_dh_auto_build", ("dh_auto_build $(ARGUMENTS)",))


def _test(info: PackagingInfo) -> _Target | None:
    """The target by its name: debhelper's own search takes a directory ``test`` for a target."""
    if not info.test_target:
        return None
    return _Target("override_dh_auto_test", (f"$(MAKE) {info.test_target} VERBOSE=1",))


def _install(info: PackagingInfo, plain: bool) -> _Target:
    command = info.commands.install
    if command is None:
        arguments = " $(ARGUMENTS)" if plain else ""
        install = (f"dh_auto_install --destdir=debian/tmp{arguments}",)
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
        ),
    )
