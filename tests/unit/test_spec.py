"""The text of a generated spec file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from farm.model import Commands
from farm.packaging.details import NO_DETAILS, TreeDetails
from farm.packaging.manifest import Installed, Kind, Manifest
from farm.packaging.spec import spec_text
from farm.packaging.split import split_rpm
from farm.version import SourceVersion
from tests.packaging_data import library, ogg_manifest, packaging_info, program

LIBDIR = "/usr/lib64"


def section(spec: str, name: str) -> list[str]:
    """The lines of a section, such as ``%files devel``, without its head and empty lines."""
    blocks = re.split(
        r"^(?=%(?:description|package|prep|build|install|check|files|changelog))", spec, flags=re.M
    )
    for block in blocks:
        head, _, body = block.partition("\n")
        if " ".join(head.split()) == name:
            return [line for line in body.splitlines() if line]
    return []


def split(name: str, *entries: Installed | str) -> str:
    """The spec of a component that installs these."""
    manifest = Manifest.of(entries)
    return spec_text(packaging_info(name=name, details=NO_DETAILS), split_rpm(name, manifest))


def test_a_library_is_packaged_as_a_fedora_packager_would() -> None:
    info = packaging_info(version_suffix=".el9", build_depends=("pkgconfig(zlib)",))

    assert spec_text(info, split_rpm("libogg", ogg_manifest(LIBDIR))) == (
        """\
Name:           libogg
Version:        1.3.5+git4.gabc1234
Release:        1.el9
Summary:        Bitstream library
License:        BSD-3-Clause
URL:            https://xiph.example.org/ogg/
VCS:            git:https://git.example.org/ogg.git
Source0:        %{name}-%{version}.tar.xz

BuildRequires:  gcc
BuildRequires:  make
BuildRequires:  pkgconfig(zlib)

%description
Ogg is a container format.

It is free.

%package        devel
Summary:        Development files for %{name}
Requires:       %{name}%{?_isa} = %{version}-%{release}

%description    devel
Ogg is a container format.

It is free.

This package contains the files needed to build software that uses %{name}.

%prep
%autosetup

%build
%configure
%make_build

%install
%make_install
find %{buildroot} -name '*.la' -delete
rm -f %{buildroot}%{_infodir}/dir

%check
make check VERBOSE=1

%files
%license COPYING
%doc README
%{_libdir}/libogg.so.0*

%files devel
%{_datadir}/aclocal/ogg.m4
%{_includedir}/ogg/
%{_libdir}/libogg.a
%{_libdir}/libogg.so
%{_libdir}/pkgconfig/ogg.pc

%changelog
* Tue Nov 14 2023 Build Farm <farm@example.invalid> - 1.3.5+git4.gabc1234-1.el9
- Fix the framing.
"""
    )


@pytest.mark.parametrize("name", ["%prep", "%build", "%install", "%check"])
def test_a_provisional_spec_builds_as_the_final_one_does(name: str) -> None:
    info = packaging_info()

    provisional = spec_text(info, None)
    final = spec_text(info, split_rpm("libogg", ogg_manifest(LIBDIR)))

    assert section(provisional, name) == section(final, name) != []
    assert section(provisional, "%files") == ["/*"]


def test_rebuilds_count_after_the_dist_tag() -> None:
    info = packaging_info(version=SourceVersion("1.0", rebuild=3), version_suffix=".el9")

    assert "Release:        1.el9.3\n" in spec_text(info, None)


def test_the_changelog_names_no_dist_macro() -> None:
    info = packaging_info(version=SourceVersion("1.0"), version_suffix="%{?dist}")

    text = spec_text(info, None)

    assert "Release:        1%{?dist}\n" in text
    assert "<farm@example.invalid> - 1.0-1\n" in text


def test_translations_are_found_by_the_distributions_script() -> None:
    spec = split(
        "tools",
        program("tool"),
        "/usr/share/locale/de/LC_MESSAGES/tools.mo",
        "/usr/share/locale/fr/LC_MESSAGES/tools-extra.mo",
        "/usr/share/locale/de/other.txt",
    )

    assert section(spec, "%install")[-2:] == ["%find_lang %{name}", "%find_lang tools-extra"]
    assert section(spec, "%files -f %{name}.lang -f tools-extra.lang") == [
        "%{_bindir}/tool",
        "%{_datadir}/locale/de/other.txt",
    ]


def test_directories_are_owned_whole_or_by_all_who_share_them() -> None:
    spec = split(
        "libx",
        *library("libx.so.1", LIBDIR),
        Installed(f"{LIBDIR}/libx/codecs/a.so", elf=True),
        "/usr/share/libx/tables/a",
        "/usr/share/libx/cmake/x.cmake",
    )

    assert section(spec, "%files") == [
        "%dir %{_datadir}/libx/",
        "%{_datadir}/libx/tables/",
        "%{_libdir}/libx.so.1*",
        "%{_libdir}/libx/",
    ]
    assert section(spec, "%files devel") == [
        "%dir %{_datadir}/libx/",
        "%{_datadir}/libx/cmake/",
        "%{_libdir}/libx.so",
    ]


def test_documents_manuals_and_configuration_are_marked() -> None:
    spec = split(
        "d",
        "/usr/sbin/d",
        "/etc/d.conf",
        "/etc/d/rules",
        Installed("/var/lib/d", Kind.DIRECTORY),
        "/usr/share/doc/d/README",
        "/usr/share/man/man8/d.8.gz",
        "/usr/share/man/de/man8/d.8",
        "/usr/share/info/d.info",
    )

    assert section(spec, "%files") == [
        "%doc %{_datadir}/doc/d/",
        "%{_infodir}/d.info*",
        "%dir %{_localstatedir}/lib/d",
        "%{_mandir}/de/man8/d.8*",
        "%{_mandir}/man8/d.8*",
        "%{_sbindir}/d",
        "%config(noreplace) %{_sysconfdir}/d.conf",
        "%dir %{_sysconfdir}/d/",
        "%config(noreplace) %{_sysconfdir}/d/rules",
    ]


def test_a_component_without_native_code_is_noarch() -> None:
    spec = split("headers", "/usr/include/x.h")

    assert "BuildArch:      noarch\n" in spec
    assert "%package        devel" in spec
    assert "Requires:" not in spec.replace("BuildRequires:", "")
    assert "\n%files\n" not in spec
    assert "%global debug_package" not in spec


def test_without_elf_files_there_are_no_debug_packages() -> None:
    spec = split("libx", f"{LIBDIR}/libx.a", "/usr/include/x.h")

    assert spec.startswith("%global debug_package %{nil}\n\nName:")
    assert "noarch" not in spec


def test_a_package_named_otherwise_is_named_in_full() -> None:
    spec = split("libx", *library("libx.so.1", LIBDIR), "/usr/lib/python3.9/site-packages/x.py")

    assert "%package        -n python3-libx\n" in spec
    assert section(spec, "%files -n python3-libx") == [
        "%{_prefix}/lib/python3.9/site-packages/x.py"
    ]


def test_commands_replace_the_standard_interface_each_in_its_own_shell() -> None:
    commands = Commands(
        configure="./bootstrap --prefix=/usr",
        build="cd src && make",
        test="prove t # all",
        install="make install PREFIX=$DESTDIR/usr",
    )

    spec = spec_text(packaging_info(commands=commands), None)

    assert section(spec, "%build") == [
        "%{?set_build_flags}",
        "./bootstrap --prefix=/usr",
        "(cd src && make)",
    ]
    assert section(spec, "%install")[:2] == [
        "export DESTDIR=%{buildroot}",
        "(make install PREFIX=$DESTDIR/usr)",
    ]
    assert section(spec, "%check") == ["(prove t # all", ")"]


def test_empty_commands_do_nothing() -> None:
    commands = Commands(configure="", build="", test="", install="make install")

    spec = spec_text(packaging_info(commands=commands), None)

    assert section(spec, "%build") == ["%{?set_build_flags}"]
    assert "%check" not in spec


def test_a_configure_script_that_is_missing_is_made_from_its_source() -> None:
    details = TreeDetails(needs_autoreconf=True)

    spec = spec_text(packaging_info(has_configure=False, details=details), None)

    assert section(spec, "%build") == ["autoreconf -fi", "%configure", "%make_build"]
    assert "BuildRequires:  autoconf\n" in spec


def test_a_plain_makefile_is_told_the_directories() -> None:
    spec = spec_text(packaging_info(has_configure=False), None)

    assert "%make_build prefix=%{_prefix} PREFIX=%{_prefix} libdir=%{_libdir}" in spec
    assert "%make_install prefix=%{_prefix}" in spec


def test_units_are_enabled_by_systemds_macros_where_there_are_some() -> None:
    spec = split("d", "/usr/sbin/d", "/usr/lib/systemd/system/d.service")

    assert (
        """
%post
%{?systemd_post:%systemd_post d.service}

%preun
%{?systemd_preun:%systemd_preun d.service}

%postun
%{?systemd_postun_with_restart:%systemd_postun_with_restart d.service}

%files
"""
        in spec
    )


def test_text_from_components_yml_stays_text(tmp_path: Path) -> None:
    info = packaging_info(
        summary="50% %(touch pwned) %{name}\\",
        licence="A\nRequires: evil",
        description="%files evil\n\n%package evil\n\n%(touch pwned) " + "w " * 37 + "%files \\",
        changes=("%(touch pwned)", "%files", "\n* Mon Jan 01 2024 x - 1\n", "end \\"),
        maintainer="A %B <a@example.invalid>",
        homepage="https://example.org/a%20b",
        configure_arguments=("--a=%{name}", "--b=x y"),
        commands=Commands(test="%files"),
    )
    spec = tmp_path / "libogg.spec"
    spec.write_text(spec_text(info, None))
    query = ["rpmspec", "-q", "--qf", "%{name}|%{summary}|%{url}|%{changelogtext}|[%{requires} ]\n"]

    def rpm(*arguments: str) -> str:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        return subprocess.run(
            [*arguments, spec],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert rpm(*query) == (
        "libogg|50% %(touch pwned) %{name}\\|https://example.org/a%20b"
        "|- %(touch pwned)\n- %files\n- * Mon Jan 01 2024 x - 1\n- end \\|\n"
    )
    assert "'--a=%{name}' '--b=x y'" in rpm("rpmspec", "--parse")
    assert not (tmp_path / "pwned").exists()
