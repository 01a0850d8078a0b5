from __future__ import annotations

from pathlib import Path

import pytest

from bench.commit_kinds import FileChange, Kind, commits_of, kind_of
from bench.edits import COMMITS
from tests.repositories import Repository


def kind(path: str, before: str = "old", after: str = "new") -> Kind:
    return kind_of([FileChange(path, before, after)])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".gitlab-ci.yml", Kind.NOT_BUILT),
        ("win32/ogg.c", Kind.NOT_BUILT),
        ("README.md", Kind.DOCUMENTATION),
        ("src/README", Kind.DOCUMENTATION),
        ("src/speexenc.1", Kind.DOCUMENTATION),
        ("doc/index.html", Kind.DOCUMENTATION),
        ("tests/noop.c", Kind.TESTS),
        ("examples/encoder.c", Kind.TESTS),
        ("po/de.po", Kind.TRANSLATION),
        ("src/framing.c", Kind.CODE),
        ("src/internal.h", Kind.CODE),
        ("include/ogg/ogg.h", Kind.HEADER),
        ("include/shout/shout.h.in", Kind.HEADER),
        ("src/Makefile.am", Kind.BUILD_FILES),
        ("configure.ac", Kind.BUILD_FILES),
    ],
)
def test_a_path_says_what_a_change_is(path: str, expected: Kind) -> None:
    assert kind(path) is expected


def test_comments_and_layout_are_told_from_code() -> None:
    code = 'int a;\nchar *b = "/* no comment */";\n'
    other = '/* said */ int a; // more\n\nchar *b = "/* no comment */";\n'
    assert kind("src/a.c", code, other) is Kind.COMMENT
    assert kind("include/a.h", code, other) is Kind.HEADER_COMMENT
    assert kind("src/a.c", code, code.replace("no", "a")) is Kind.CODE


def test_a_release_and_a_soname_are_told_from_other_build_files() -> None:
    configure = "AM_INIT_AUTOMAKE(libogg,{version})\nLIB_CURRENT={current}\nLIB_AGE={age}\n"
    before = configure.format(version="1.3.4", current=8, age=8)

    def changed(**values: object) -> Kind:
        after = configure.format_map({"version": "1.3.4", "current": 8, "age": 8, **values})
        return kind("configure.ac", before, after)

    assert changed(version="1.3.5") is Kind.RELEASE
    assert changed(current=9, age=9) is Kind.BUILD_FILES, "libtool's number, and the same SONAME"
    assert changed(version="1.3.5", current=9, age=0) is Kind.SONAME


def test_the_strongest_kind_of_its_files_is_that_of_a_commit() -> None:
    files = [FileChange(path, "1", "2") for path in ("README", "src/a.c", "po/de.po")]
    assert kind_of(files) is Kind.CODE
    assert kind_of([]) is Kind.NOT_BUILT


def test_commits_are_read_from_a_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(**{"src/a.c": "int a;\n"})
    repository.commit(**{"src/a.c": "/* said */\nint a;\n", "README": "said"})
    repository.commit(**{"doc/a.html": "said"})
    kinds = [kind_of(commit) for commit in commits_of(tmp_path, "2000-01-01")]
    assert kinds[:2] == [Kind.DOCUMENTATION, Kind.COMMENT]


def test_the_commits_for_real_builds_are_of_the_kinds_they_say(tmp_path: Path) -> None:
    """Of those that only add a file: the others need the real trees."""
    for number, commit in enumerate(c for c in COMMITS if c.kind <= Kind.DOCUMENTATION):
        tree = tmp_path / f"{number}"
        (tree / "doc").mkdir(parents=True)
        commit.edit(tree)
        (path,) = (p for p in tree.rglob("*") if p.is_file())
        assert kind(str(path.relative_to(tree)), "", path.read_text()) is commit.kind
