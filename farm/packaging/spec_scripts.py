"""What a spec runs: %build, %install, %check, scriptlets, and text that rpm leaves alone."""

from __future__ import annotations

import re
import shlex

from farm.buildsystem import Kind
from farm.packaging.build_tools import (
    kind_of,
    python_line,
    rpm_build_requires,
    spec_configure_line,
    spec_line,
)
from farm.packaging.info import PackagingInfo
from farm.packaging.split import BinaryPackage
from farm.packaging.text import whole_line

_DIRECTORIES = (
    "prefix=%{_prefix} PREFIX=%{_prefix} libdir=%{_libdir} mandir=%{_mandir} "
    "sysconfdir=%{_sysconfdir} systemdunitdir=/usr/lib/systemd/system "
    "SYSTEMDUNITDIR=/usr/lib/systemd/system"
)
"""What a plain Makefile is told; %configure tells the others."""
_CONFIGURED = (Kind.CONFIGURE, Kind.AUTOTOOLS)
_OWN_LINES = (Kind.MESON, Kind.CMAKE, Kind.DUNE, Kind.CARGO, Kind.PYTHON)
_SIMPLE_COMMAND = re.compile(
    r"(?!(?:cd|pushd|exec|exit|export|set|unset|umask|trap)\b)[A-Za-z0-9_./ :+,@%=-]+"
)


def escape(text: str) -> str:
    """One line of text that rpm's parser leaves as it is.

    Percent signs are doubled; a backslash at the end would take in the next line of the spec.
    """
    escaped = text.replace("%", "%%")
    return f"{escaped} " if escaped.endswith("\\") else escaped


def command_line(command: str) -> str:
    """A line of text or shell for the body of a section: it cannot begin another section.

    rpm looks for sections after it has expanded macros.
    """
    return f" {escape(command)}" if command.startswith("%") else escape(command)


def subshell(command: str) -> str:
    """A command for a section, which is one shell script: its ``cd`` ends with it, as in make."""
    line = command_line(whole_line(command))
    if _SIMPLE_COMMAND.fullmatch(command):
        return line
    return f"({line}\n)" if "#" in line else f"({line})"


def build_lines(info: PackagingInfo) -> list[str]:
    """What %build runs."""
    commands, kind = info.commands, kind_of(info)
    arguments = [escape(shlex.quote(a)) for a in info.configure_arguments]
    lines: list[str] = []
    if commands.configure is None and kind in _CONFIGURED:
        if kind is Kind.AUTOTOOLS:
            lines.append("autoreconf -fi")
        lines.append(" ".join(["%configure", *arguments]))
    else:
        # %configure would set the distribution's compiler flags.
        lines.append("%{?set_build_flags}")
    if commands.configure:
        lines.append(subshell(commands.configure))
    elif commands.configure is None and kind in _OWN_LINES and info.details.system.configure:
        lines.append(" ".join([spec_configure_line(info), *arguments]))
    if commands.build is not None:
        lines += [subshell(commands.build)] if commands.build else []
    elif kind in _OWN_LINES:
        lines.append(spec_line(info, info.details.system.build))
    else:
        lines.append("%make_build" if _configured(info) else f"%make_build {_DIRECTORIES}")
    return lines


def install_lines(info: PackagingInfo) -> list[str]:
    """What %install runs; %find_lang comes after it."""
    command = info.commands.install
    lines = []
    if command is None and kind_of(info) in _OWN_LINES:
        lines.append(spec_line(info, info.details.system.install))
    elif command is None:
        lines.append("%make_install" if _configured(info) else f"%make_install {_DIRECTORIES}")
    elif command:
        lines += ["export DESTDIR=%{buildroot}", subshell(command)]
    return [
        *lines,
        "find %{buildroot} -name '*.la' -delete",
        "rm -f %{buildroot}%{_infodir}/dir",
        *([python_line("%{buildroot}")] if info.details.unversioned_python else []),
    ]


def check_lines(info: PackagingInfo) -> list[str]:
    """What %check runs; empty when the component has no tests."""
    if info.commands.test is not None:
        return [subshell(info.commands.test)] if info.commands.test else []
    if kind_of(info) in _OWN_LINES:
        line = spec_line(info, info.details.system.test)
        return [line] if line else []
    return [f"make {info.test_target} VERBOSE=1"] if info.test_target else []


def _configured(info: PackagingInfo) -> bool:
    return kind_of(info) in _CONFIGURED or info.commands.configure is not None


def build_requires(info: PackagingInfo) -> list[str]:
    """What %build needs: the standard tools, then what the component names."""
    return [escape(name) for name in rpm_build_requires(info)]


def package_argument(component: str, package: str) -> str:
    """How ``%package`` and ``%files`` name a package; empty for the main one."""
    if package == component:
        return ""
    if package.startswith(f"{component}-"):
        return package.removeprefix(f"{component}-")
    return f"-n {package}"


def scriptlets(package: BinaryPackage, argument: str) -> list[str]:
    """Sections that enable and stop a package's systemd units, empty without units.

    ldconfig needs none: since EL 8 a file trigger of glibc runs it. The macros are there when the
    component asks for systemd-rpm-macros.
    """
    units = " ".join(
        sorted(
            f.name
            for f in package.files
            if re.fullmatch(r"/usr/lib/systemd/system/[\w@.-]+\.(?:service|socket|timer)", f.path)
        )
    )
    if not units:
        return []
    head = f" {argument}" if argument else ""
    return [
        line
        for section, macro in (
            ("post", "systemd_post"),
            ("preun", "systemd_preun"),
            ("postun", "systemd_postun_with_restart"),
        )
        for line in (f"%{section}{head}", f"%{{?{macro}:%{macro} {units}}}", "")
    ]
