"""demo.rpm_distribution: which Debian packages become which RPMs, and who owns which path."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.rpm_distribution.build import distribution_identity, rpm_packages
from demo.rpm_distribution.catalogue import BUILD_GROUP, EXCLUDED
from demo.rpm_distribution.debs import Deb, closure, parse_installed, requirements
from demo.rpm_distribution.layout import Alternative, Kind, Layout, ListedPath, lay_out
from demo.rpm_distribution.spec import RpmPackage, comps_xml, distribution_spec, quoted
from farm.errors import FarmError


def deb(name: str, *depends: str, version: str = "1.0-1", provides: tuple[str, ...] = ()) -> Deb:
    clauses = tuple(tuple(clause.split("|")) for clause in depends)
    return Deb(name, "amd64", version, clauses, provides)


def machine(*debs: Deb) -> dict[str, Deb]:
    return {one.name: one for one in debs}


def listed(package: str, path: str, at: str = "", kind: Kind = Kind.FILE) -> ListedPath:
    return ListedPath(package, path, at or path, kind)


def layout_of(
    *entries: ListedPath,
    alternatives: tuple[Alternative, ...] = (),
    generated: tuple[str, ...] = (),
    excluded: str = "^$",
) -> Layout:
    return lay_out(
        entries,
        alternatives,
        generated=generated,
        base_directories=(),
        excluded=re.compile(excluded),
    )


@pytest.mark.parametrize(
    ("debian", "epoch", "version", "release"),
    [
        ("1.0-1", "0", "1.0", "1"),
        ("1:5.0-5", "1", "5.0", "5"),
        ("2.36-9+deb12u14", "0", "2.36", "9+deb12u14"),
        ("1.2.13.dfsg-1", "0", "1.2.13.dfsg", "1"),
        ("3.23+nmu1", "0", "3.23+nmu1", "1"),
        ("2:4.13+dfsg1-1~bpo-2", "2", "4.13+dfsg1.1~bpo", "2"),
    ],
)
def test_a_debian_version_becomes_an_rpm_version(
    debian: str, epoch: str, version: str, release: str
) -> None:
    assert deb("x", version=debian).rpm_version == (epoch, version, release)


@given(st.text("0123456789abc.+~-:_=", min_size=1))
def test_rpm_versions_hold_only_what_rpm_allows(version: str) -> None:
    for part in deb("x", version=version).rpm_version[1:]:
        assert re.fullmatch(r"[A-Za-z0-9.+~^_]*", part)


def test_installed_packages_are_read_with_their_relations() -> None:
    listing = (
        "installed\tgcc\tamd64\t4:12.2.0-3\tcpp (= 4:12)\tlibc6 (>= 2) | libc6.1, x:any\tcc, c89\n"
        "config-files\tgone\tamd64\t1\t\t\t\n"
        "installed\tforeign\ti386\t1\t\t\t\n"
        "installed\tdata\tall\t1\t\t\t\n"
    )
    assert parse_installed(listing, "amd64") == machine(
        Deb(
            "gcc",
            "amd64",
            "4:12.2.0-3",
            (("cpp",), ("libc6", "libc6.1"), ("x",)),
            ("cc", "c89"),
        ),
        Deb("data", "all", "1"),
    )


def test_a_requirement_is_met_by_what_is_installed() -> None:
    installed = machine(deb("absent-or-awk", "gone|awk"), deb("mawk", provides=("awk",)))
    assert requirements(installed["absent-or-awk"], installed, frozenset()) == ("mawk",)


def test_unwanted_requirements_are_left_out_with_their_alternatives() -> None:
    installed = machine(deb("a", "debconf|cdebconf", "libc6"), deb("cdebconf"), deb("libc6"))
    assert requirements(installed["a"], installed, {"debconf"}) == ("libc6",)


def test_the_closure_holds_everything_required() -> None:
    installed = machine(deb("gcc", "cpp"), deb("cpp", "libc6"), deb("libc6", "gcc"), deb("vim"))
    assert closure(["gcc"], installed, frozenset()) == {
        "cpp": ("libc6",),
        "gcc": ("cpp",),
        "libc6": ("gcc",),
    }


def test_packages_that_are_not_installed_are_named_all_at_once() -> None:
    with pytest.raises(FarmError, match="apt-get install debugedit dwz"):
        closure(["gcc", "dwz", "debugedit"], machine(deb("gcc")), frozenset())


def test_a_file_of_two_packages_belongs_to_the_first() -> None:
    layout = layout_of(listed("a", "/usr/lib/x"), listed("b", "/usr/lib/x"))
    assert layout.files == {"a": ("/usr/lib/x",)}


def test_directories_belong_to_no_package_and_include_every_parent() -> None:
    layout = layout_of(
        listed("a", "/usr/lib", kind=Kind.DIRECTORY), listed("a", "/usr/share/a/file")
    )
    assert layout.files == {"a": ("/usr/share/a/file",)}
    assert layout.directories == ("/usr", "/usr/lib", "/usr/share", "/usr/share/a")


def test_programs_of_a_merged_bin_are_provided_at_both_paths() -> None:
    layout = layout_of(listed("bash", "/bin/bash", at="/usr/bin/bash"))
    assert layout.files == {"bash": ("/usr/bin/bash",)}
    assert layout.extra_provides == {"bash": ("/bin/bash",)}


def test_an_alternative_goes_with_the_file_it_leads_to() -> None:
    layout = layout_of(
        listed("mawk", "/usr/bin/mawk"),
        alternatives=(
            Alternative("/usr/bin/awk", "/usr/bin/mawk"),
            Alternative("/usr/bin/editor", "/usr/bin/vim"),
        ),
    )
    assert layout.files == {"mawk": ("/usr/bin/awk", "/usr/bin/mawk")}


def test_excluded_absent_and_generated_paths_belong_to_nobody() -> None:
    layout = layout_of(
        listed("a", "/usr/share/doc/a/README"),
        listed("a", "/gone", kind=Kind.ABSENT),
        listed("a", "/etc/passwd"),
        excluded="^/usr/share/doc/",
        generated=("/etc/passwd",),
    )
    assert layout.files == {}


@pytest.mark.parametrize("path", ["/etc/machine-id", "/var/lib/dpkg/status", "/dev/null"])
def test_the_machines_own_state_is_never_taken_along(path: str) -> None:
    assert EXCLUDED.search(path)


def test_paths_are_quoted_for_the_files_list() -> None:
    assert quoted("/usr/bin/gcc") == "/usr/bin/gcc"
    assert quoted("/usr/lib/100%") == "/usr/lib/100%%"
    assert quoted("/usr/lib/a b") == '"/usr/lib/a b"'


def test_a_subpackage_says_its_relations_and_files() -> None:
    spec = distribution_spec(
        [RpmPackage("gcc", "4", "12.2", "3", ("cpp",), ("gcc-c",), ("/usr/bin/gcc",))]
    )
    assert (
        "%package -n gcc\nEpoch: 4\nVersion: 12.2\nRelease: 3\nSummary: gcc\n"
        "Requires: cpp\nProvides: gcc-c\n" in spec
    )
    assert "%files -n gcc\n%defattr(-,-,-,-)\n/usr/bin/gcc\n" in spec


def test_the_group_names_its_members() -> None:
    assert '<packagereq type="mandatory">gcc</packagereq>' in comps_xml("g", ["gcc"])


def test_every_debian_package_becomes_one_rpm() -> None:
    debs = machine(deb("bash"), deb("libc-bin"), deb("libssl-dev"))
    made = rpm_packages(
        debs,
        {"bash": (), "libc-bin": (), "libssl-dev": ("bash",)},
        layout_of(listed("bash", "/usr/bin/bash")),
        links=("/bin",),
    )
    by_name = {package.name: package for package in made}
    assert len(by_name) == len(made)
    assert by_name["libssl-dev"].provides == ("openssl-devel",)
    assert by_name["libssl-dev"].requires == ("bash", "filesystem")
    assert by_name["bash"].files == ("/usr/bin/bash",)
    assert [package.name for package in made if package.runs_ldconfig] == ["libc-bin"]
    assert "/bin" in by_name["filesystem"].files
    assert BUILD_GROUP in by_name


def test_the_identity_changes_with_a_version_and_with_nothing_else() -> None:
    one, two = deb("a", version="1-1"), deb("b")
    assert distribution_identity(machine(one, two)) == distribution_identity(machine(two, one))
    assert distribution_identity(machine(one)) != distribution_identity(
        machine(deb("a", version="1-2"))
    )
