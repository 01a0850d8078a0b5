"""README, licence, changelog and versions, as the guide wants them."""

from __future__ import annotations

from collections.abc import Iterable

from farm.buildsystem import BuildSystem, Kind
from farm.style.documents import check_history, check_licence, check_readme
from farm.style.finding import Append, Finding, Write
from farm.style.project import Project
from farm.style.readme import known_sections
from tests.unit.test_licences import MIT

AUTOCONF = BuildSystem(Kind.CONFIGURE, "./configure", "make", "make check", "make install")
GOOD = "# x\n\n    ./configure && make && make check\n\nSend a pull request.\n"


def project(texts: dict[str, str] | None = None, **facts: object) -> Project:
    """A component `x` with these documents."""
    return Project("x", texts=texts or {}, **facts)  # type: ignore[arg-type]  # any field


def readme(
    texts: dict[str, str], system: BuildSystem = AUTOCONF, origin: str = ""
) -> list[Finding]:
    known = known_sections(system, origin)
    return list(check_readme(project(texts), known, tests=bool(system.test)))


def ids(findings: Iterable[Finding]) -> list[str]:
    return [finding.rule.id for finding in findings]


def test_a_readme_that_says_all_is_enough() -> None:
    assert readme({"README": GOOD}) == []
    assert readme({"README.md": "make check, pytest", "CONTRIBUTING.md": "…"}) == []


def test_each_thing_that_a_readme_leaves_out_is_a_finding() -> None:
    assert ids(readme({"README.rst": "x is good.\n"})) == [
        "readme-build",
        "readme-test",
        "readme-contribute",
    ]
    assert {f.file for f in readme({"README.rst": "x\n"})} == {"README.rst"}


def test_where_there_are_no_tests_nothing_has_to_be_said_of_them() -> None:
    untested = BuildSystem(Kind.MAKE, build="make")
    assert ids(readme({"README": "Run make. Patches are welcome."}, untested)) == []


def test_the_sections_that_are_added_name_the_build_systems_commands() -> None:
    meson = BuildSystem(Kind.MESON, "meson setup b", "ninja", "meson test", "meson install")
    changes = [
        change for finding in readme({"README.md": "x\n"}, meson) for change in finding.changes
    ]
    assert changes[0] == Append(
        "README.md",
        "\n## Building\n\nBuild and install with:\n\n    meson setup build\n"
        "    meson compile -C build\n    meson install -C build\n",
    )
    assert isinstance(changes[1], Append) and "    meson test -C build\n" in changes[1].text


def test_sections_have_the_markup_of_the_readme() -> None:
    plain, rst = (readme({path: "x\n"})[1].changes[0] for path in ("README", "README.rst"))
    assert plain == Append(
        "README", "\nTesting\n=======\n\nBuild, then test with:\n\n  make check\n"
    )
    assert rst == Append(
        "README.rst", "\nTesting\n-------\n\nBuild, then test with::\n\n    make check\n"
    )


def test_a_missing_readme_is_written_with_all_sections() -> None:
    found = readme({}, origin="https://git.example.org/x.git")
    assert ids(found) == ["readme"]
    write = found[0].changes[0]
    assert isinstance(write, Write) and write.path == "README.md"
    assert "# x\n\n## Building\n" in write.text
    assert "propose the branch at https://git.example.org/x.git" in write.text
    assert readme({"README.md": write.text}) == []


def test_a_known_licence_needs_no_statement() -> None:
    assert list(check_licence(project({"LICENSE": MIT}))) == []


def test_no_licence_is_an_error() -> None:
    found = list(check_licence(project({"README": "MIT licensed"})))
    assert ids(found) == ["licence"]
    assert found[0].rule.level == "error"


def test_an_unknown_licence_needs_a_statement() -> None:
    own = {"COPYING": "Do what you like."}
    assert ids(check_licence(project(own))) == ["licence-id"]
    stated = {**own, "README": "SPDX-License-Identifier: MIT\n"}
    assert list(check_licence(project(stated))) == []


def test_statement_and_text_must_agree() -> None:
    texts = {"LICENSE": MIT, "README": "x\n\nSPDX-License-Identifier: GPL-2.0-only\n"}
    found = list(check_licence(project(texts)))
    assert ids(found) == ["licence-agrees"]
    assert found[0].place == "README:3"


def test_the_changelog_mentions_the_newest_version() -> None:
    def found(text: str, version: str) -> list[str]:
        return ids(check_history(project({"NEWS": text}, version=version)))

    assert found("1.3: better\n1.2: good\n", "1.3") == []
    assert found("1.2: good\n", "1.3") == ["changelog-current"]
    assert found("11.3 and 1.30\n", "1.3") == ["changelog-current"]
    assert found("Version 1.4-rc1\n", "1.4~rc1") == []


def test_a_repository_has_a_changelog_and_version_tags() -> None:
    assert ids(check_history(project())) == ["changelog", "version-tag"]
    assert ids(check_history(project(in_git=False))) == ["changelog"]
