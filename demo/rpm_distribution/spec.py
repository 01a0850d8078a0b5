"""The spec file that packs the whole distribution in one run of rpmbuild."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HEADER = r"""Name: demo
Version: 1
Release: 1
Summary: The demo's RPM distribution
License: various
%global debug_package %{nil}
%global __os_install_post %{nil}
%global __spec_install_pre %{___build_pre}
%global _build_id_links none
%global _binary_payload w1.zstdio
%global _unpackaged_files_terminate_build 0
# rpm's own pattern does not know Debian's multiarch directories.
%global __pkgconfig_path ^/usr/(lib/[^/]+|lib64|lib|share)/pkgconfig/.*\.pc$
%global __perl_requires %{nil}
%global __perllib_requires %{nil}
%global __python_requires %{nil}
# Interpreters of scripts that nobody runs in a build root.
%global __requires_exclude ^/usr/(local/)?bin/(python3?|perl|gdb|bzexe)|^/usr/bin/env$
%define _rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm
%description
Made from Debian packages.
%install
"""

# A trigger without a body would not run: rpm calls ldconfig only through one that has it.
_LDCONFIG = """%transfiletriggerin -n {name} -P 2000000 -- /usr/lib /usr/lib64
/sbin/ldconfig
%transfiletriggerpostun -n {name} -P 2000000 -- /usr/lib /usr/lib64
/sbin/ldconfig
"""


@dataclass(frozen=True)
class RpmPackage:
    """One RPM of the distribution."""

    name: str
    epoch: str = "0"
    version: str = "1"
    release: str = "1"
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    root_owned: bool = False
    """Its files belong to root whatever the machine says."""
    runs_ldconfig: bool = False


def distribution_spec(packages: Sequence[RpmPackage]) -> str:
    """The spec with one subpackage for each of `packages`; it packs a prepared build root."""
    return "\n".join([_HEADER, *(_subpackage(package) for package in packages)])


def _subpackage(package: RpmPackage) -> str:
    name = package.name
    lines = [f"%package -n {name}"]
    if package.epoch != "0":
        lines.append(f"Epoch: {package.epoch}")
    lines += [f"Version: {package.version}", f"Release: {package.release}", f"Summary: {name}"]
    lines += [f"Requires: {one}" for one in package.requires]
    lines += [f"Provides: {one}" for one in package.provides]
    lines += [f"%description -n {name}", f"The Debian package {name}, or made up for the demo."]
    if package.runs_ldconfig:
        lines.append(_LDCONFIG.format(name=name))
    lines.append(f"%files -n {name}")
    lines.append("%defattr(-,root,root,-)" if package.root_owned else "%defattr(-,-,-,-)")
    lines += [f"%dir {quoted(path)}" for path in package.directories]
    lines += [quoted(path) for path in package.files]
    return "\n".join([*lines, ""])


def quoted(path: str) -> str:
    """A path as ``%files`` takes it literally."""
    literal = path.replace("%", "%%")
    return f'"{literal}"' if set(literal) & set(" *?[]{}") else literal


def comps_xml(group: str, members: Iterable[str]) -> str:
    """The group file that makes ``@group`` installable."""
    required = "".join(f'<packagereq type="mandatory">{name}</packagereq>' for name in members)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">\n'
        f"<comps><group><id>{group}</id><name>Build root</name><default>false</default>"
        f"<uservisible>false</uservisible><packagelist>{required}</packagelist></group></comps>\n"
    )
