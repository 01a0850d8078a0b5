"""Checks of what people read: README, licence, changelog, versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from farm.licences import declared, identify, parts
from farm.style import rules
from farm.style.finding import Append, Finding, Write
from farm.style.project import Project
from farm.style.readme import Section, readme_text, section_text

_SAYS = {
    rules.README_BUILD: re.compile(
        r"\./configure|\bmake\b(?! sure)|\bcmake\b|\bmeson\b|\bninja\b|\bcargo (?:build|install)\b"
        r"|\bdune build\b|\bpip3? install\b|\bpython3? -m build\b|\bsetup\.py\b|\bINSTALL\b"
    ),
    rules.README_TEST: re.compile(
        r"\bmake (?:-\S+ )*(?:test|check)\b|\bctest\b|\b(?:meson|ninja|cargo|dune)\b.* test\b"
        r"|\bdune runtest\b|\bpytest\b|\btox\b|\bunittest\b"
    ),
    rules.README_CONTRIBUTE: re.compile(
        r"\bcontribut|\b(?:pull|merge) requests?\b|\bpatch(?:es)?\b|\bmailing list\b", re.IGNORECASE
    ),
}
_WHAT = {
    rules.README_BUILD: "how to build it",
    rules.README_TEST: "how to test it",
    rules.README_CONTRIBUTE: "how to propose a fix",
}


def check_readme(
    project: Project, known: Mapping[str, Section], *, tests: bool
) -> Iterator[Finding]:
    """README: there, and it says how to build, test and propose fixes.

    :param known: the sections that a repair adds, by the rules' ids.
    :param tests: there are tests, so that something can be said of them.
    """
    readme = project.readme
    if not readme:
        yield Finding(
            rules.README,
            "there is no README",
            "Write a README.md: what it is, how to build, test and propose fixes.",
            changes=(Write("README.md", readme_text(project.name, known.values())),),
        )
        return
    text = project.texts[readme]
    for rule, pattern in _SAYS.items():
        if pattern.search(text) or (rule is rules.README_TEST and not tests):
            continue
        if rule is rules.README_CONTRIBUTE and project.contributing:
            continue
        section = known[rule.id]
        yield Finding(
            rule,
            f"does not say {_WHAT[rule]}",
            f"Add a section {section.title}: {section.short}",
            file=readme,
            changes=(Append(readme, section_text(section, readme)),),
        )


def check_licence(project: Project) -> Iterator[Finding]:
    """A licence file, whose SPDX expression is known."""
    texts = project.licences
    if not texts:
        yield Finding(
            rules.LICENCE,
            "there is no licence file",
            "Add a LICENSE file with the licence's full text; without one nobody may "
            "distribute it.",
        )
        return
    file = next(iter(texts))
    readme = project.texts.get(project.readme, "")
    found = identify(texts, (readme, *project.notices))
    statements = {**texts, project.readme: readme}
    stated = {path: expression for path in statements if (expression := declared(statements[path]))}
    said = next(iter(stated.values()), "")
    if not said and not (found.expression and found.certain):
        yield Finding(
            rules.LICENCE_ID,
            f"reads like {found.expression}, or the same with other versions or parts"
            if found.expression
            else "is no licence of the SPDX list",
            "Add a line 'SPDX-License-Identifier: EXPRESSION' to the README, such as "
            f"'SPDX-License-Identifier: {found.expression or 'LicenseRef-MyLicence'}'.",
            file=file,
        )
    if said and found.expression and not parts(found.expression) & parts(said):
        path = next(iter(stated))
        yield Finding(
            rules.LICENCE_AGREES,
            f"states {said}, but {file} is {found.expression}",
            "Correct the statement, or the licence file.",
            file=path,
            line=line_of(statements[path], "SPDX-License-Identifier"),
        )


def check_history(project: Project) -> Iterator[Finding]:
    """A changelog that is kept, and versions that are tags."""
    path = project.changelog
    if not path:
        version = f" for {project.version}" if project.version else ""
        yield Finding(
            rules.CHANGELOG,
            "there is no changelog",
            f"Add a CHANGELOG.md with an entry{version}: what changed for who uses it.",
        )
    elif project.version and not _mentions(project.texts[path], project.version):
        yield Finding(
            rules.CHANGELOG_CURRENT,
            f"does not mention {project.version}, the newest tagged version",
            f"Add an entry for {project.version}.",
            file=path,
            line=1,
        )
    if project.in_git and not project.version:
        yield Finding(
            rules.VERSION_TAG,
            "no tag in its history names a version",
            "Tag what was released, and begin so: git tag -a v0.1.0 -m 'Version 0.1.0'. Until "
            "then packages count from version 0.",
        )


def line_of(text: str, word: str) -> int:
    """The line on which a word occurs first, 0 when it does not."""
    before, found, _ = text.partition(word)
    return before.count("\n") + 1 if found else 0


def _mentions(text: str, version: str) -> bool:
    # A tag's ~rc1 is written in as many ways as there are authors.
    spelled = r"[-~._]?".join(re.escape(part) for part in version.split("~"))
    return re.search(rf"(?<![\d.]){spelled}(?![\d])", text) is not None
