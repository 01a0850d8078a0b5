"""A new distro: what it is, which components say nothing for it, and the file's other bytes."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.errors import FarmError
from farm.growing.distros import Gap, gaps, sibling_of, stays_out, with_distro, without_distro
from farm.growing.releases import Release, release_of
from farm.model import Family, Stack
from farm.model.document import parse_document
from farm.model.items import put_in, taken_out
from farm.model.load import load_stack
from tests.configurations import DISTROS, stack_text, write

NOBLE = {
    "family": "deb",
    "release": "Ubuntu 24.04",
    "architecture": "amd64",
    "root": {"suite": "noble"},
    "version_suffix": "~ubuntu24.04",
}
COMPONENTS = """\
# The base of all.
liba:
  git: /srv/a.git
  packages: {bookworm: [zlib1g-dev], el9: [zlib-devel]} # no list for all debs
libb:
  git: /srv/b.git
  packages:
    # As of Debian 12.
    bookworm:
      - libfoo-dev
libc:
  git: /srv/c.git
  packages: {deb: [pkgconf]}
libd:
  git: /srv/d.git
  packages: {el9: [only-rpm]}
libe:
  git: /srv/e.git
  distros: [bookworm, el9]
"""


def loaded(folder: Path, text: str) -> Stack:
    return load_stack(write(folder, text), {})


@pytest.mark.parametrize(
    ("name", "family", "options", "expected"),
    [
        ("noble", "deb", {"suite": "noble"}, Release("Ubuntu 24.04", "~ubuntu24.04", "amd64")),
        ("trixie", "deb", {}, Release("Debian 13", "~deb13", "amd64")),
        ("mine", "deb", {"suite": "mine"}, Release(architecture="amd64")),
        ("f43", "rpm", {"mock": "fedora-43-x86_64"}, Release("Fedora 43", ".fc43", "x86_64")),
        ("el9", "rpm", {"mock": "rocky+epel-9-aarch64"}, Release("EL 9", ".el9", "aarch64")),
        ("x", "rpm", {"mock": "centos-stream-10-x86_64"}, Release("EL 10", ".el10", "x86_64")),
        ("el9", "rpm", {"mock": "our-own"}, Release("EL 9", ".el9", "x86_64")),
        ("odd", "rpm", {}, Release(architecture="x86_64")),
    ],
)
def test_names_tell_the_release(name, family, options, expected):
    assert release_of(name, Family(family), **options) == expected


def test_components_without_a_mapping_are_named_with_what_the_sibling_has(tmp_path):
    stack = loaded(tmp_path, stack_text(COMPONENTS))
    assert gaps(stack, "noble", "deb", sibling_of(stack, "deb")) == (
        Gap("liba", ("zlib1g-dev",), "bookworm"),
        Gap("libb", ("libfoo-dev",), "bookworm"),
        Gap("libd"),
    )
    assert stays_out(stack, "noble") == (("libe",), ())


def test_the_sibling_is_the_last_of_the_family_or_the_one_asked_for(tmp_path):
    stack = loaded(tmp_path, stack_text())
    assert sibling_of(stack, "deb").name == "bookworm"
    with pytest.raises(FarmError, match="no distro el9 of family deb; there is: bookworm"):
        sibling_of(stack, "deb", "el9")


def test_a_distro_adds_its_lines_and_changes_only_the_proposed_ones(tmp_path):
    before = stack_text(COMPONENTS)
    stack = loaded(tmp_path, before)
    after = with_distro(before, "noble", NOBLE, gaps(stack, "noble", "deb", None))
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    assert [line[2:] for line in lines if line.startswith("- ")] == [
        "    packages: {bookworm: [zlib1g-dev], el9: [zlib-devel]} # no list for all debs"
    ]
    assert [line[2:] for line in lines if line.startswith("+ ")] == [
        "  noble:",
        "    family: deb",
        "    release: Ubuntu 24.04",
        "    architecture: amd64",
        "    root: {suite: noble}",
        "    version_suffix: ~ubuntu24.04",
        "    packages: {bookworm: [zlib1g-dev], el9: [zlib-devel], noble: [zlib1g-dev]}"
        " # no list for all debs",
        "      noble: [libfoo-dev]",
    ]
    assert loaded(tmp_path, after).components["libb"].packages["noble"] == ("libfoo-dev",)


def test_a_distro_that_goes_takes_every_mention_with_it_and_its_comments(tmp_path):
    spaced = DISTROS.replace("  el9:", "\n  # Rocky, really.\n  el9:")
    before = stack_text(COMPONENTS, distros=spaced)
    after = without_distro(before, loaded(tmp_path, before), "el9")
    assert "el9" not in after and "Rocky" not in after
    assert "# no list for all debs" in after and "# As of Debian 12." in after
    stack = loaded(tmp_path, after)
    assert set(stack.distros) == {"bookworm"}
    assert stack.components["libe"].distros == ("bookworm",)
    assert stack.components["libd"].packages == {}


def test_adding_and_removing_a_distro_gives_the_file_back(tmp_path):
    before = stack_text(COMPONENTS)
    stack = loaded(tmp_path, before)
    after = with_distro(before, "noble", NOBLE, gaps(stack, "noble", "deb", None))
    assert without_distro(after, loaded(tmp_path, after), "noble") == before


def test_the_last_entry_leaves_an_empty_mapping():
    text = "a: 1\nworkers:\n  # The only one.\n  one: {builds: 2}\n\n# The end.\nb: 2\n"
    after = taken_out(text, ("workers", "one"))
    assert parse_document(after, "").data == {"a": 1, "workers": {}, "b": 2}
    assert "# The end." in after


def test_a_list_as_far_left_as_its_key_belongs_to_the_key():
    text = "a:\n  one:\n  - x\n  - y\nb: 1\n"
    after = put_in(text, ("a", "two"), ["z"])
    assert after == "a:\n  one:\n  - x\n  - y\n  two: [z]\nb: 1\n"
    assert taken_out(after, ("a", "one")) == "a:\n  two: [z]\nb: 1\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: {b: 1}\n", ("a", "c"), "there is no a.c"),
        ("a: 1\n", ("a", "c"), "a holds nothing"),
        ("x: &one {b: 1}\na: *one\n", ("a", "b"), "written in a way"),
    ],
)
def test_what_cannot_be_taken_out_is_said(text, place, message):
    with pytest.raises(FarmError, match=message):
        taken_out(text, place)


NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), max_size=4, unique=True)


@settings(max_examples=30, deadline=None)
@given(NAMES.filter(bool), st.booleans(), st.sampled_from(["plain", "needs: quotes", "#x", "1"]))
def test_items_put_in_are_there_and_taken_out_are_gone(names, flow, value):
    items = ", ".join(names) if flow else "".join(f"\n    - {n} # c" for n in names)
    text = f"# Top.\na:\n  list: {f'[{items}]' if flow else items}\n# Middle.\nz: 1\n"
    text += "" if flow else "\n"
    after = put_in(text, ("a", "list", len(names)), value)
    assert parse_document(after, "").data["a"]["list"][-1] == value
    assert taken_out(after, ("a", "list", len(names))) == text
