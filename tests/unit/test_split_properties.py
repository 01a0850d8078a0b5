"""What holds for the split of any installation: every file is in one package, once."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from farm.packaging.install_lists import install_list
from farm.packaging.manifest import Installed, Kind, Manifest
from farm.packaging.patterns import compile_pattern, exact
from farm.packaging.spec_files import file_lines
from farm.packaging.split import split_deb, split_rpm

LIBDIR = "/usr/lib/x86_64-linux-gnu"
DIRECTORIES = [
    *("/usr/bin", "/usr/sbin", "/usr/include", "/usr/include/a", "/usr/libexec/a", "/opt/a"),
    *("/usr/lib", "/usr/lib64", LIBDIR, f"{LIBDIR}/a", f"{LIBDIR}/pkgconfig", f"{LIBDIR}/cmake/A"),
    *("/usr/share/a", "/usr/share/a/b", "/usr/share/doc/a", "/etc", "/etc/a", "/var/a"),
    *("/usr/share/man/man1", "/usr/share/man/man3", "/usr/share/man/de/man1", "/usr/share/info"),
    *("/usr/share/locale/de/LC_MESSAGES", "/usr/lib/systemd/system", "/usr/share/aclocal"),
    "/usr/lib/python3/dist-packages/a",
]
NAMES = [
    *("a", "liba.so", "liba.so.1", "liba.so.1.2", "liba-2.so", "liba.a", "liba.la"),
    *("a.pc", "a.h", "a.1", "a.mo", "a-config", ".a"),
]
STRANGE_NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\x00", exclude_categories=["Cs"]),
    min_size=1,
    max_size=6,
).filter(lambda name: name not in (".", ".."))
SONAMES = st.sampled_from(["", "liba.so.1", "liba-2.so", "liba.so", "libb.so.1"])

entries = st.builds(
    lambda directory, name, kind, size, elf, soname: Installed(
        f"{directory}/{name}",
        kind,
        target="liba.so.1" if kind is Kind.LINK else "",
        size=size if kind is Kind.FILE else 0,
        elf=elf and kind is Kind.FILE,
        soname=soname if elf and kind is Kind.FILE else "",
    ),
    st.sampled_from(DIRECTORIES),
    st.sampled_from(NAMES) | STRANGE_NAMES,
    st.sampled_from(Kind),
    st.sampled_from([0, 10, 10_000_000]),
    st.booleans(),
    SONAMES,
)


def installable(found: list[Installed]) -> Manifest:
    """The manifest of the entries, without those that others would need as a directory."""
    paths = [entry.path for entry in found]
    return Manifest.of(e for e in found if not any(path.startswith(f"{e.path}/") for path in paths))


manifests = st.lists(entries, max_size=12, unique_by=lambda entry: entry.path).map(installable)
components = st.sampled_from(["a", "liba", "python-a", "a-dev", "libb", "a.b+c"])


@settings(deadline=None)  # a busy machine is no failure
@given(components, manifests)
def test_a_split_is_a_partition(component: str, manifest: Manifest) -> None:
    for split in (split_deb, split_rpm):
        packages = split(component, manifest)

        assert sorted(f for p in packages for f in p.files) == list(manifest.files)
        assert len({p.name for p in packages}) == len(packages)
        assert all(p.files for p in packages)
        assert {s for p in packages for s in p.siblings} <= {p.name for p in packages}


@settings(deadline=None)  # a busy machine is no failure
@given(components, manifests)
def test_install_lists_match_each_file_in_its_package_only(
    component: str, manifest: Manifest
) -> None:
    packages = split_deb(component, manifest)
    for package in packages:
        patterns = [f"/{line}" for line in install_list(package, packages).splitlines()]
        matchers = [compile_pattern(pattern) for pattern in patterns]
        matched = {f for f in manifest.files if any(m.match(f.path) for m in matchers)}

        assert set(package.files) <= matched
        assert set(package.files) == matched or any(exact(f.path) != f.path for f in package.files)


MACROS = {
    "%{_bindir}": "/usr/bin",
    "%{_sbindir}": "/usr/sbin",
    "%{_libexecdir}": "/usr/libexec",
    "%{_includedir}": "/usr/include",
    "%{_mandir}": "/usr/share/man",
    "%{_infodir}": "/usr/share/info",
    "%{_datadir}": "/usr/share",
    "%{_prefix}": "/usr",
    "%{_sysconfdir}": "/etc",
    "%{_localstatedir}": "/var",
    "%{_libdir}": LIBDIR,
    "%%": "%",
}


def listed_pattern(line: str) -> str:
    """The pattern of a %files entry with its macros expanded; empty for a shared directory."""
    if line.startswith("%dir ") and line.endswith("/"):
        return ""
    pattern = re.sub(r"^%(?:doc|dir|config\(noreplace\)) ", "", line)
    return re.sub(r"%%|%{\w+}", lambda macro: MACROS[macro[0]], pattern)


@settings(deadline=None)
@given(components, manifests)
def test_file_lists_of_a_spec_match_each_file_in_its_package_only(
    component: str, manifest: Manifest
) -> None:
    here = Manifest.of(f for f in manifest.files if not f.path.startswith("/usr/lib64/"))
    packages = split_rpm(component, here)

    for package in packages:
        others = [f.path for p in packages if p is not package for f in p.files]
        lines = file_lines(package.files, others, frozenset(package.sonames))
        matchers = [compile_pattern(p) for p in map(listed_pattern, lines) if p]
        matched = {f for f in here.files if any(m.match(f.path) for m in matchers)}

        assert set(package.files) <= matched
        assert set(package.files) == matched or any(exact(f.path) != f.path for f in package.files)
