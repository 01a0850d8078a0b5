"""The sections of a README that a repair can write, since the build system says what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from farm.buildsystem import BuildSystem, Kind
from farm.style import rules

_FIXES = "Fixes are welcome: make a branch, add a test that shows the fault, run the tests, and "

_MAKE = ("make", "make install")
_BUILD: Mapping[Kind, tuple[str, ...]] = {
    Kind.CONFIGURE: ("./configure", *_MAKE),
    Kind.AUTOTOOLS: ("autoreconf -fi", "./configure", *_MAKE),
    Kind.MAKE: _MAKE,
    Kind.MESON: ("meson setup build", "meson compile -C build", "meson install -C build"),
    Kind.CMAKE: ("cmake -B build", "cmake --build build", "cmake --install build"),
    Kind.DUNE: ("dune build", "dune install"),
    Kind.CARGO: ("cargo build --release", "cargo install --path ."),
    Kind.PYTHON: ("python3 -m pip install .",),
}
_TEST: Mapping[Kind, str] = {
    Kind.MESON: "meson test -C build",
    Kind.CMAKE: "ctest --test-dir build",
    Kind.DUNE: "dune runtest",
    Kind.CARGO: "cargo test",
}


@dataclass(frozen=True)
class Section:
    """A part of a README: a sentence and commands."""

    title: str
    sentence: str
    commands: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The section on one line."""
        return " && ".join(self.commands) or self.sentence


def known_sections(system: BuildSystem, origin: str) -> dict[str, Section]:
    """The sections for a component, by the ids of the rules that ask for them.

    :param origin: where the repository is, empty when nobody knows.
    """
    # A make line is told its places by the farm; a person types the target alone.
    line = re.sub(r"^(make [\w-]+) .*", r"\1", system.test)
    test = (_TEST.get(system.kind, line),) if system.test else ()
    where = f" at {origin}" if origin else ""
    return {
        rules.README_BUILD.id: Section(
            "Building", "Build and install with:", _BUILD.get(system.kind, _MAKE)
        ),
        rules.README_TEST.id: Section(
            "Testing", "Build, then test with:" if test else "There are no tests yet.", test
        ),
        rules.README_CONTRIBUTE.id: Section(
            "Contributing", f"{_FIXES}propose the branch{where}, as a pull request or by mail."
        ),
    }


def readme_text(name: str, sections: Iterable[Section]) -> str:
    """A whole README.md."""
    return f"# {name}\n" + "".join(section_text(section, "README.md") for section in sections)


def section_text(section: Section, path: str) -> str:
    """The section in the README's markup, which its name tells; it begins with an empty line."""
    if path.endswith((".md", ".markdown")):
        heading, indent = f"## {section.title}", "    "
    elif path.endswith(".rst"):
        heading, indent = f"{section.title}\n{'-' * len(section.title)}", "    "
    else:
        heading, indent = f"{section.title}\n{'=' * len(section.title)}", "  "
    sentence = section.sentence
    if section.commands and path.endswith(".rst"):
        sentence = f"{sentence.removesuffix(':')}::"
    commands = "".join(f"{indent}{command}\n" for command in section.commands)
    return f"\n{heading}\n\n{sentence}\n" + (f"\n{commands}" if commands else "")
