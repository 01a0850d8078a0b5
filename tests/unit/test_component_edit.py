"""Adding a component to components.yml changes the lines of that component, and no other."""

from __future__ import annotations

import difflib
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.errors import ConfigError, FarmError
from farm.model.edit import save_checked, unchanged_but, with_component
from farm.model.load import load_stack

HEAD = """\
# Our stack.
channels: {development: }   # the only one
distros:
  bookworm: {family: deb, release: "Debian 12", architecture: amd64, root: {suite: bookworm},
             version_suffix: ~deb12}
"""
ENTRY = {"git": "/srv/x.git", "summary": "The x: a thing", "depends": ["liba"]}


def added(before: str, name: str = "xx") -> tuple[str, list[str]]:
    """The new text, and its added lines; nothing may be removed."""
    after = with_component(before, name, ENTRY)
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    assert [line for line in lines if line.startswith("- ")] == []
    assert unchanged_but(before, after, name)
    return after, [line[2:] for line in lines if line.startswith("+ ")]


def test_a_component_comes_after_the_last_one_in_their_style() -> None:
    after, lines = added(
        f"{HEAD}components:\n  zlib:\n    git: /z\n\n  liba: # base\n    git: /a\n"
    )
    assert lines == [
        "",
        "  xx:",
        "    git: /srv/x.git",
        "    summary: 'The x: a thing'",
        "    depends: [liba]",
    ]
    assert after.endswith("    depends: [liba]\n")


def test_sorted_components_stay_sorted_and_comments_stay_with_their_component() -> None:
    before = f"{HEAD}components:\n  liba:\n    git: /a\n  # About zlib.\n  zlib:\n    git: /z\n"
    after, lines = added(before)
    assert lines[0] == "  xx:"
    assert "    depends: [liba]\n  # About zlib.\n  zlib:\n" in after


def test_what_follows_the_components_stays_below_them() -> None:
    rest = "\n# Who packages it.\nmaintainer: Me <me@example.org>\n"
    before = f"{HEAD}components:\n  liba:\n    git: /a\n    # inner comment\n{rest}"
    after, _ = added(before)
    assert "    # inner comment\n  xx:\n" in after
    assert after.endswith(rest)


def test_indentation_is_that_of_the_file() -> None:
    _, lines = added(f"{HEAD}components:\n    zlib:\n            git: /z\n    liba: {{git: /a}}\n")
    assert lines[:2] == ["    xx:", "            git: /srv/x.git"]


@pytest.mark.parametrize("nothing", ["components:\n", "components: {}\n", "components: ~ # none\n"])
def test_the_first_component_is_added_too(nothing: str) -> None:
    after = with_component(f"{HEAD}{nothing}", "xx", ENTRY)
    assert unchanged_but(f"{HEAD}{nothing}", after, "xx")


def test_a_file_without_an_end_of_line_gets_one() -> None:
    assert added(f"{HEAD}components:\n  liba:\n    git: /a")[0].endswith("depends: [liba]\n")


@pytest.mark.parametrize("text", [HEAD, f"{HEAD}components: {{liba: {{git: /a}}}}\n"])
def test_a_file_that_lines_cannot_be_added_to_is_refused(text: str) -> None:
    with pytest.raises(FarmError, match=r"components"):
        with_component(text, "xx", ENTRY)


NAMES = st.from_regex(r"[a-z][a-z0-9+.-]{1,8}", fullmatch=True)
SCALARS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=90)


@settings(max_examples=40, deadline=None)
@given(
    others=st.lists(NAMES.filter(lambda n: n != "new"), unique=True, max_size=5),
    gap=st.sampled_from(["", "\n", "\n# about the next\n", "  # about the next\n"]),
    summary=SCALARS,
)
def test_the_rest_means_the_same_whatever_is_there(
    others: list[str], gap: str, summary: str
) -> None:
    bodies = gap.join(f"  {name}:\n    git: /{name}\n" for name in others)
    before = f"{HEAD}components:\n{bodies}\nmaintainer: Me\n"
    after = with_component(before, "new", {"git": "/new", "summary": summary})
    assert unchanged_but(before, after, "new")


def test_a_valid_file_replaces_the_old_one_with_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "components.yml"
    file.write_text(f"{HEAD}components:\n  liba:\n    git: /srv/a.git\n")
    file.chmod(0o640)
    text = with_component(file.read_text(), "xx", ENTRY)
    assert "xx" in save_checked(file, text, {}).components
    assert load_stack(file).components["xx"].depends == ("liba",)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_with_mistakes_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "components.yml"
    before = f"{HEAD}components:\n  liba:\n    git: /srv/a.git\n"
    file.write_text(before)
    text = with_component(before, "xx", {**ENTRY, "depends": ["libb"]})
    with pytest.raises(ConfigError) as caught:
        save_checked(file, text, {})
    assert str(caught.value).startswith(f"{file}:")
    assert "unknown component 'libb'" in str(caught.value)
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]
