"""What a workspace knows of a component's last build, and of the tree it was built in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from farm.workspace.files import read_json, write_json

FORMAT = 1


@dataclass(frozen=True)
class Inputs:
    """Everything that goes into a build: two builds with equal inputs give equal results."""

    sources: str
    """Identity of the source's files."""
    lines: dict[str, str]
    """The shell line of each step."""
    environment: dict[str, str]
    """Variables of the developer's that reach the build (CFLAGS …), the prefix, the clock."""
    tools: dict[str, str]
    """Identity of compilers and build tools, and versions of the distro packages needed."""
    dependencies: dict[str, str]
    """Output of each component that it is built with, directly or through others."""


@dataclass(frozen=True)
class Installed:
    """One file that a component put into the prefix."""

    identity: str
    """As in `farm.workspace.sweep.Files`, of the bytes on disk."""
    seen: str
    """What a dependent can observe: equal for two files that differ in debug information only."""
    link: str
    """What a link test can observe of a library; the same as `seen` for other files."""
    signature: list[int] = field(default_factory=list)
    """Its stat when it was installed."""


@dataclass(frozen=True)
class Record:
    """The last successful build of a component; the prefix holds what it installed."""

    inputs: Inputs
    output: str
    """Identity of what dependents can observe."""
    tests: str
    """``passed``, ``none`` (it has no tests) or ``not run``."""
    installed: dict[str, Installed]
    """By path below the prefix."""
    directories: list[str] = field(default_factory=list)
    """Directories that it made, below the prefix."""
    built: float = 0.0
    """When, in seconds since 1970."""
    seconds: float = 0.0
    """How long it took."""
    outside: list[str] = field(default_factory=list)
    """Files that it wanted to install outside the prefix; they are left out."""


@dataclass(frozen=True)
class Evidence:
    """What is known of a build tree: with it, a later build can keep what is still right."""

    inputs: Inputs
    """What the tree was last built from, successfully or not."""
    files: dict[str, str]
    """The source in the tree."""
    outputs: dict[str, dict[str, list[str]]]
    """What each dependency had in the prefix: path to [seen, link]."""
    phase: str
    """``configuring``, ``building`` (configure is complete) or ``done``."""
    configured: dict[str, list[int]] = field(default_factory=dict)
    """Size and time of every file that configure made."""
    configure_opened: list[str] | None = None
    """Source files that were opened by configure; None: not known, so any."""
    build_opened: list[str] | None = None
    """Source files that were opened by the build."""
    prefix_opened: list[str] | None = None
    """Files of the prefix that were opened while configure ran, perhaps by another component."""
    runs_programs: bool = True
    """Configure ran programs that were linked with the prefix's libraries, or may have."""
    stopped: float = 0.0
    """When the build was interrupted; 0 when it came to its end."""
    failed: bool = False
    """It ended with a failure."""
    kept: bool = False
    """Products of earlier builds were kept for it."""
    boot: str = ""
    """The boot of the machine it was done in: after a power loss files may be incomplete."""


@dataclass(frozen=True)
class ComponentFiles:
    """Where one component's state is."""

    root: Path

    @property
    def record(self) -> Path:
        """The last successful build."""
        return self.root / "record.json"

    @property
    def evidence(self) -> Path:
        """What is known of the tree."""
        return self.root / "evidence.json"

    @property
    def sweep(self) -> Path:
        """The source as it was seen last."""
        return self.root / "sweep.json"

    @property
    def journal(self) -> Path:
        """An installation that has begun."""
        return self.root / "journal.json"

    @property
    def tree(self) -> Path:
        """A copy of the source, and what was built in it."""
        return self.root / "tree"

    @property
    def log(self) -> Path:
        """What the last build printed."""
        return self.root / "log"


def load_record(files: ComponentFiles) -> Record | None:
    """The last successful build, or None."""
    return record_from_json(read_json(files.record))


def record_from_json(kept: Any) -> Record | None:
    """What `record_json` gave, or None."""
    try:
        if kept.pop("format") != FORMAT:
            return None
        kept["inputs"] = Inputs(**kept["inputs"])
        kept["installed"] = {path: Installed(*one) for path, one in kept["installed"].items()}
        return Record(**kept)
    except (TypeError, KeyError, AttributeError):
        return None


def record_json(record: Record) -> dict[str, Any]:
    """A record as it is kept."""
    plain = {one.name: getattr(record, one.name) for one in fields(Record)}
    plain["inputs"] = vars(record.inputs)
    plain["installed"] = {
        path: [one.identity, one.seen, one.link, one.signature]
        for path, one in record.installed.items()
    }
    return {"format": FORMAT, **plain}


def load_evidence(files: ComponentFiles) -> Evidence | None:
    """What is known of the tree, or None."""
    kept = read_json(files.evidence)
    try:
        if kept.pop("format") != FORMAT:
            return None
        return Evidence(**{**kept, "inputs": Inputs(**kept["inputs"])})
    except (TypeError, KeyError, AttributeError):
        return None


def save_evidence(files: ComponentFiles, evidence: Evidence) -> None:
    """Remember what is known of the tree."""
    write_json(
        files.evidence, {"format": FORMAT, **vars(evidence), "inputs": vars(evidence.inputs)}
    )


def observable(installed: Mapping[str, Installed]) -> dict[str, list[str]]:
    """What dependents can observe of an installation: path to [seen, link]."""
    return {path: [one.seen, one.link] for path, one in installed.items() if is_observable(path)}


_UNSEEN = (
    "share/doc/",
    "share/man/",
    "share/info/",
    "share/gtk-doc/",
    "share/help/",
    "share/licenses/",
)


def is_observable(path: str) -> bool:
    """Whether a file in the prefix can matter to a build: documentation does not."""
    return not path.startswith(_UNSEEN)
