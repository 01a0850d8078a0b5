"""apt on this machine with a state of its own: the host's sources and lists stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def make_private_apt(place: Path, sources: str, settings: Mapping[str, str]) -> Path:
    """Make the directories and the configuration of an apt that knows nothing but some sources.

    :param place: where its state lies; what is there of other files stays.
    :param sources: name of the file in `place` that says where packages come from.
    :param settings: what else to set.
    :return: the configuration file, for apt's option ``-c``.
    """
    for name in ("lists/partial", "cache/archives/partial", "none"):
        (place / name).mkdir(parents=True, exist_ok=True)
    (place / "status").touch()
    said = {
        "Dir::State": place,
        "Dir::State::lists": place / "lists",
        "Dir::State::status": place / "status",
        "Dir::Cache": place / "cache",
        "Dir::Etc::sourcelist": place / sources,
        "Dir::Etc::sourceparts": place / "none",
        "Dir::Etc::preferences": place / "none",
        "Dir::Etc::preferencesparts": place / "none",
        "Acquire::Languages": "none",
        **settings,
    }
    lines = [f'{name} "{value}";\n' for name, value in said.items()]
    hooks = ("Post-Invoke", "Post-Invoke-Success")
    lines += [f"#clear APT::Update::{hook};\n" for hook in hooks]
    configuration = place / "apt.conf"
    configuration.write_text("".join(lines), "utf-8")
    return configuration
