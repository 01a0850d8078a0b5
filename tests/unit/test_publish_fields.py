"""What packages may say of themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repo_publish.fields import MAX_FIELD, field_problems, path_problems, shown


def test_ordinary_texts_pass() -> None:
    fields = {"Maintainer": "Łukasz <l@example.org>", "Description": "one\n two\tthree\n .\n four"}

    assert field_problems("app.deb", fields, one_line=["Maintainer"]) == []


@pytest.mark.parametrize("odd", ["\0", "\x1b", "\r", "\x7f", "\u2028", "\u202e", "\ufffd"])
def test_characters_that_deceive_do_not(odd: str) -> None:
    assert field_problems("app.deb", {"Description": f"a{odd}b"}) == [
        f"app.deb: Description has the character {odd!r}"
    ]


def test_a_line_is_a_line() -> None:
    assert field_problems("app.deb", {"Section": "misc\nmore"}, one_line=["Section"]) == [
        "app.deb: Section has more than one line"
    ]


def test_names_of_fields_are_names() -> None:
    assert field_problems("app.deb", {"Dep\x1bends": "a"}) == [
        "app.deb: 'Dep\\x1bends' is not the name of a field"
    ]


def test_absurd_lengths_are_told_shortly() -> None:
    [problem] = field_problems("app.deb", {"Depends": "a" * (MAX_FIELD + 1)})

    assert problem == f"app.deb: Depends is {MAX_FIELD + 1} characters long"
    assert len(shown("a" * 1000)) < 70


def test_paths_stay_below_the_root() -> None:
    good = ["/", "/usr/share/doc/a..b/c", "/usr/share/Łódź"]

    assert path_problems("app.rpm", good) == []
    assert path_problems("app.rpm", ["/usr/../etc/shadow"]) == [
        "app.rpm: installs '/usr/../etc/shadow'"
    ]
    assert path_problems("app.rpm", ["etc/shadow"]) == ["app.rpm: installs 'etc/shadow'"]
    assert path_problems("app.rpm", ["/usr/a\nb"]) == [
        "app.rpm: installs a path with odd characters: '/usr/a\\nb'"
    ]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5))
def test_messages_are_one_printable_line(fields: dict[str, str]) -> None:
    for problem in field_problems("app.deb", fields):
        assert problem.isprintable()
        assert "\n" not in problem
