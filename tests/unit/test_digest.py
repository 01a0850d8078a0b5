from __future__ import annotations

from farm.digest.content import content_facts, elf_digest
from farm.digest.own import Own
from farm.digest.package import Entry, Header, is_debug_package

VERSION = "1.3.5+git4.gabc1234-1~deb12"
OWN = Own(
    packages=frozenset({"libogg0", "libogg-dev", "libvorbis0a"}),
    full=frozenset({VERSION}),
    upstream=frozenset({"1.3.5+git4.gabc1234"}),
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
    assert OWN.provided("1.3.5+git4.gabc1234") == "@"
    assert OWN.provided("1.3.5") == "1.3.5"


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


def test_what_only_looks_like_a_program_counts_as_it_is() -> None:
    assert elf_digest(b"\x7fELF") != elf_digest(b"\x7fELF ")


def test_a_header_knows_its_version_in_parts() -> None:
    assert Header("x", "2:1.0-rc-1.el9", "noarch").versions == ("1.0-rc-1.el9", "1.0-rc")


def test_debug_packages_are_known_by_name() -> None:
    names = ("libogg0-dbgsym", "libogg-dbg", "ogg-debuginfo", "ogg-debugsource")
    assert all(is_debug_package(name) for name in names)
    assert not is_debug_package("libogg-dev")
