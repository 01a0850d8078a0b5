"""Reading a Debian build's output: the phase it is in, and whether tests ran."""

from __future__ import annotations

import re

from farm.build.phases import Phases

# dh prints every command before it runs it (" dh_auto_test", " debian/rules override_…").
_DH = re.compile(r"^   (?:debian/rules (?:override|execute_before|execute_after)_)?(dh_[a-z_]+)")
_TARGET = re.compile(r"^ (?:fakeroot )?debian/rules (build|binary)")
_ECHO = re.compile(r"^(?:dh |   dh_)")
_PHASE_OF_COMMAND = {
    "dh_update_autotools_config": "configure",
    "dh_autoreconf": "configure",
    "dh_auto_configure": "configure",
    "dh_auto_build": "build",
    "dh_auto_test": "test",
    "dh_prep": "install",
    "dh_auto_install": "install",
    "dh_install": "package",
}
_PHASE_OF_TARGET = {"build": "build", "binary": "package"}
_NO_DEPENDENCIES = re.compile(r"^dpkg-checkbuilddeps: error: [Uu]nmet build dependencies")

# What make says while it finds nothing to do.
_BOOKKEEPING = re.compile(
    r"^\s*$|^\s*(?:dh_auto_test|create-stamp|debian/rules)\b|^make(?:\[\d+\])?: "
    r"|^Making \S+ in |^\s*(?:cd \S+ && )?make\b"
)


class Progress:
    """Passes a build's output on, follows it through the phases, and watches the tests."""

    def __init__(self, phases: Phases):
        self._phases = phases
        self._target = ""
        self.tested = False
        """The test phase did something that can be told from finding nothing to do."""

    def line(self, text: str) -> None:
        """One line of output, line end included."""
        if phase := phase_of(text):
            self._phases.enter(phase)
            self._target = ""
        elif phase := phase_of_target(text):
            self._target = phase
        elif self._target:
            if not _ECHO.match(text):
                # debian/rules does without dh's sequencer: its targets are the phases.
                self._phases.enter(self._target)
                self._target = ""
        elif self._phases.current == "test" and not _BOOKKEEPING.match(text):
            self.tested = True
        self._phases.line(text)


def phase_of(line: str) -> str:
    """The phase that a line of output begins; empty for any other line."""
    if found := _DH.match(line):
        return _PHASE_OF_COMMAND.get(found[1], "")
    return "dependencies" if _NO_DEPENDENCIES.match(line) else ""


def phase_of_target(line: str) -> str:
    """The phase that a target of debian/rules is, when dpkg-buildpackage says it begins."""
    found = _TARGET.match(line)
    return _PHASE_OF_TARGET[found[1]] if found else ""
