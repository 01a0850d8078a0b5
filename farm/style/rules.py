"""The rules, in the order of docs/style-guide.md, which says why each is there."""

from __future__ import annotations

from farm.style.finding import Level, Rule

README = Rule("readme", "There is a README at the top", Level.WARNING)
README_BUILD = Rule("readme-build", "The README says how to build", Level.WARNING)
README_TEST = Rule("readme-test", "The README says how to test", Level.WARNING)
README_CONTRIBUTE = Rule(
    "readme-contribute", "README or CONTRIBUTING says how to propose a fix", Level.WARNING
)
LICENCE = Rule("licence", "There is a licence file at the top", Level.ERROR)
LICENCE_ID = Rule("licence-id", "The licence is stated as an SPDX expression", Level.WARNING)
LICENCE_AGREES = Rule("licence-agrees", "Statement and licence file say the same", Level.ERROR)
CHANGELOG = Rule("changelog", "There is a changelog", Level.WARNING)
CHANGELOG_CURRENT = Rule(
    "changelog-current", "The changelog tells of the newest version", Level.WARNING
)
VERSION_TAG = Rule("version-tag", "Versions are tags", Level.WARNING)
BUILD_SYSTEM = Rule(
    "build-system", "It builds by the standard interface, or a known build system", Level.ERROR
)
CONFIGURE_EXECUTABLE = Rule("configure-executable", "./configure can be run", Level.ERROR)
BUILD = Rule("build", "It builds from a fresh checkout", Level.ERROR)
TESTS = Rule("tests", "There are tests", Level.WARNING)
TEST = Rule("test", "The tests pass", Level.ERROR)
INSTALL = Rule("install", "It installs", Level.ERROR)
INSTALL_DESTDIR = Rule("install-destdir", "The installation honours DESTDIR", Level.ERROR)
INSTALL_PREFIX = Rule("install-prefix", "The installation honours the prefix", Level.ERROR)
PACKAGING = Rule("packaging", "It has usable packaging, or packaging can be made", Level.ERROR)
SUBMODULES = Rule("submodules", "It does without submodules", Level.ERROR)
GENERATED = Rule("generated", "What the build makes is not in git", Level.WARNING)
IGNORED = Rule("ignored", ".gitignore names what the build makes", Level.WARNING)
SOURCE_CHANGED = Rule("source-changed", "The build leaves the sources alone", Level.WARNING)
LARGE_FILE = Rule("large-file", "No file is larger than 5 MB", Level.WARNING)

RULES: tuple[Rule, ...] = (
    README,
    README_BUILD,
    README_TEST,
    README_CONTRIBUTE,
    LICENCE,
    LICENCE_ID,
    LICENCE_AGREES,
    CHANGELOG,
    CHANGELOG_CURRENT,
    VERSION_TAG,
    BUILD_SYSTEM,
    CONFIGURE_EXECUTABLE,
    BUILD,
    TESTS,
    TEST,
    INSTALL,
    INSTALL_DESTDIR,
    INSTALL_PREFIX,
    PACKAGING,
    SUBMODULES,
    GENERATED,
    IGNORED,
    SOURCE_CHANGED,
    LARGE_FILE,
)
