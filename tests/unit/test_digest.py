from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from farm.digest.content import content_facts, elf_digest
from farm.digest.own import Own, dates_of
from farm.digest.package import Entry, Header, is_debug_package

VERSION = "1.3.5+git4.gabc1234-1~deb12"
OWN = Own(
    packages=frozenset({"libogg0", "libogg-dev", "libvorbis0a"}),
    full={VERSION: "1.3.5"},
    upstream={"1.3.5+git4.gabc1234": "1.3.5", "1.3.5": "1.3.5"},
)


def facts(*entries: Entry) -> list[str]:
    return sorted(content_facts(entries, OWN))


def file(path: str, data: bytes = b"", mode: int = 0o644, owner: str = "root:root") -> Entry:
    return Entry(path, "-", mode, owner, data=data)


def folder(path: str, mode: int = 0o755) -> Entry:
    return Entry(path, "d", mode, "root:root")


def test_a_bound_on_a_package_of_the_farm_does_not_count() -> None:
    assert OWN.bound("libogg0", "1.3.5") == "@"
    assert OWN.bound("libogg-dev:any", "1.3.5") == "@"
    assert OWN.bound("libogg-dev(x86-64)", "1.3.5-1.el9") == "@"
    assert OWN.bound("libc6", "2.36") == "2.36"


def test_the_own_version_is_marked_where_it_stands_alone() -> None:
    assert OWN.text(f"rm_conffile /etc/x {VERSION} -- x") == "rm_conffile /etc/x @ -- x"
    assert OWN.text(f"keep {VERSION}+r1 and x{VERSION}") == f"keep {VERSION}+r1 and x{VERSION}"


def test_of_the_own_version_only_the_release_counts() -> None:
    assert OWN.provided(VERSION) == OWN.provided("1.3.5+git4.gabc1234") == "1.3.5"
    assert OWN.provided("1.3.5") == "1.3.5"
    assert OWN.provided("1.3.6") == "1.3.6"


def test_paths_modes_owners_targets_and_bytes_count() -> None:
    base = facts(file("/usr/bin/x", b"1"))
    for other in (
        file("/usr/bin/y", b"1"),
        file("/usr/bin/x", b"2"),
        file("/usr/bin/x", b"1", mode=0o755),
        file("/usr/bin/x", b"1", owner="daemon:root"),
        Entry("/usr/bin/x", "l", 0o777, "root:root", target="y"),
    ):
        assert facts(other) != base
    one, other = (Entry("/l", "l", 0o777, "root:root", target=t) for t in "ab")
    assert facts(one) != facts(other)


def test_documentation_does_not_count() -> None:
    unseen = [
        folder("/usr"),
        folder("/usr/share"),
        folder("/usr/share/doc"),
        file("/usr/share/doc/x/changelog.Debian.gz", b"1"),
        file("/usr/share/man/man1/x.1.gz"),
        file("/usr/share/info/x.info.gz"),
        file("/usr/share/licenses/x/COPYING"),
        file("/usr/lib/.build-id/ab/cdef"),
        file("/usr/lib/python3/x/__pycache__/x.pyc"),
    ]
    assert facts(*unseen) == []
    assert len(facts(file("/usr/share/docs/x"), file("/opt/usr/share/doc/x"))) == 2


def test_only_unusual_directories_count() -> None:
    assert facts(folder("/usr"), file("/usr/x")) == facts(file("/usr/x"))
    assert len(facts(folder("/var/lib/empty"))) == 1
    assert len(facts(folder("/srv", mode=0o1777), file("/srv/x"))) == 2


def test_a_pkg_config_file_may_carry_the_own_version() -> None:
    path = "/usr/lib/x86_64-linux-gnu/pkgconfig/ogg.pc"
    text = b"Name: ogg\nVersion: %s\nLibs: -logg\n"
    own, same = text % b"1.3.5+git4.gabc1234", text % b"1.3.5+git4.gabc1234-1~deb12"
    assert facts(file(path, own)) == facts(file(path, same))
    assert facts(file(path, own)) != facts(file(path, text % b"1.3.6"))
    assert facts(file(path, own)) != facts(file(path, own + b"Requires: x\n"))
    assert facts(file("/usr/share/x", own)) != facts(file("/usr/share/x", same))


def test_a_version_in_a_header_counts_since_dependents_compile_it_in() -> None:
    define = b'#define OGG_VERSION "%s"\n'
    path = "/usr/include/ogg/version.h"
    one, other = (facts(file(path, define % v)) for v in (b"1.3.5+git4.gabc1234", b"1.3.5"))
    assert one != other


def test_a_version_in_a_library_name_counts_since_dependents_link_to_it() -> None:
    one, other = (f"libogg-1.3.5+git{n}.so" for n in "45")
    assert facts(file(f"/usr/lib/{one}")) != facts(file(f"/usr/lib/{other}"))


METADATA = b"""\
Metadata-Version: 2.1
Name: tiny
Version: %s
Summary: Tiny
Requires-Dist: requests%s

A README.
Requires-Dist: nothing
"""


@pytest.mark.parametrize(
    "path", ["tiny-1.dist-info/METADATA", "tiny.egg-info", "tiny.egg-info/PKG-INFO"]
)
def test_a_python_package_is_what_others_ask_of_it(path: str) -> None:
    path = f"/usr/lib/python3/dist-packages/{path}"
    metadata = METADATA % (b"1.3.5+git4.gabc1234", b"")
    for same in (
        METADATA % (b"1.3.5", b""),
        metadata.replace(b"A README", b"Another"),
        metadata.replace(b"Summary: Tiny", b"Summary: Small"),
    ):
        assert facts(file(path, same)) == facts(file(path, metadata))
    for different in (METADATA % (b"1.4", b""), METADATA % (b"1.3.5", b" >= 2")):
        assert facts(file(path, different)) != facts(file(path, metadata))


def test_lists_of_a_python_packages_own_files_do_not_count() -> None:
    base = "/usr/lib/python3/dist-packages/tiny"
    assert facts(file(f"{base}.egg-info/SOURCES.txt"), file(f"{base}-1.dist-info/RECORD")) == []
    assert len(facts(file(f"{base}/RECORD"))) == 1


def test_what_is_appended_to_a_program_counts() -> None:
    program = Path("/bin/true").read_bytes()
    digests = {elf_digest(program + more) for more in (b"", b"bytecode", b"other bytecode")}
    assert len(digests) == 3


def test_the_date_of_the_build_that_a_compiler_writes_does_not_count() -> None:
    one, other = 1_700_000_000, 1_712_345_678
    assert dates_of(one) == (b"Tue Nov 14 22:13:20 2023", b"Nov 14 2023", b"22:13:20")
    assert dates_of(other)[1] == b"Apr  5 2024"
    library = b"!<arch>\ncompiled %s"

    def seen(data: bytes, timestamp: int) -> list[str]:
        entries = [file("/usr/lib/libtiny.a", data)]
        return list(content_facts(entries, replace(OWN, dates=dates_of(timestamp))))

    for a, b in zip(dates_of(one), dates_of(other), strict=True):
        assert seen(library % a, one) == seen(library % b, other)
        assert seen(library % a, one) != seen(library % b, one), "a date that is not the build's"
        assert seen(b"compiled %s" % a, one) != seen(b"compiled %s" % b, other), "no program"


def test_what_only_looks_like_a_program_counts_as_it_is() -> None:
    assert elf_digest(b"\x7fELF") != elf_digest(b"\x7fELF ")


def test_a_header_knows_its_version_in_parts() -> None:
    assert Header("x", "2:1.0-rc-1.el9", "noarch").versions == ("1.0-rc-1.el9", "1.0-rc")


def test_debug_packages_are_known_by_name() -> None:
    names = ("libogg0-dbgsym", "libogg-dbg", "ogg-debuginfo", "ogg-debugsource")
    assert all(is_debug_package(name) for name in names)
    assert not is_debug_package("libogg-dev")
