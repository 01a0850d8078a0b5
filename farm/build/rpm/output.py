"""Reading rpmbuild's output: which phase it is in, and what happened there."""

from __future__ import annotations

import re

from farm.build.phases import Phases

PHASE_OF_SECTION = {
    "prep": "unpack",
    "generate_buildrequires": "dependencies",
    "conf": "configure",
    "build": "build",
    "install": "install",
    "check": "test",
}
"""Sections that are not here (``%doc``, ``%license``, ``%clean``) belong to packaging."""

_EXECUTING = re.compile(r"^Executing\(%(\w+)\): ")
# mock's own lines.
_PREPARING = re.compile(r"^Start: (?P<what>chroot init|build setup)\b")
_PACKAGING = re.compile(r"^Processing files: ")
_NO_DEPENDENCIES = re.compile(r"^error: Failed build dependencies:")
# Sections run with `sh -x`: configuring is part of %build until rpm 4.18, and of most specs since.
_CONFIGURING = re.compile(r"^\+ (?:\S*/)?(?:configure|cmake(?! --build)|meson)\b")
_MAKING = re.compile(r"^\+ (?:\S*/)?(?:make|ninja|gmake|cmake --build)\b")


class RpmbuildOutput:
    """Follows the passes of rpmbuild over one build and marks their phases in the log."""

    def __init__(self, phases: Phases):
        self._phases = phases
        self._building = False
        self.tested = False
        """The test section ran."""
        self.missed_dependencies = False
        """rpmbuild refused to start because packages are missing in the root."""

    def line(self, text: str) -> None:
        """Take one line of output to the log, with a mark before it where a phase begins."""
        if section := _EXECUTING.match(text):
            self._building = section[1] == "build"
            self.tested |= section[1] == "check"
            self._phases.enter(PHASE_OF_SECTION.get(section[1], "package"))
        elif preparing := _PREPARING.match(text):
            self._phases.enter("root" if preparing["what"] == "chroot init" else "dependencies")
        elif _PACKAGING.match(text):
            self._building = False
            self._phases.enter("package")
        elif _NO_DEPENDENCIES.match(text):
            self.missed_dependencies = True
            self._phases.enter("dependencies")
        elif self._building and _CONFIGURING.match(text):
            self._phases.enter("configure")
        elif self._building and _MAKING.match(text):
            self._phases.enter("build")
        self._phases.line(text)
