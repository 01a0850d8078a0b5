"""Answers of a farm that is not there, of any size, for tests of pages."""

from __future__ import annotations

import time
from typing import Any

DISTROS = ("bookworm", "trixie", "noble", "el9", "el10", "fedora-43")
HELD_BACK = "libvorbis 1.3.7 would need libogg (>= 1.3.6), which the archive does not have"
FAILED_KEY = "0123456789ab"


def cell(state: str = "published", **more: Any) -> dict[str, Any]:
    """A component on a distro."""
    plain = {
        "state": state,
        "version": "1.3.5+git12.g1a2b3c4-1~deb12",
        "since": time.time() - 86_400 * 3,
        "key": FAILED_KEY if state in ("failed", "building") else "",
        "waits_for": [],
        "held_back": "",
        "next_generation": False,
    }
    return {**plain, **more}


def _cells(number: int) -> list[dict[str, Any] | None]:
    """A component's cells: by its number some are not published."""
    cells: list[dict[str, Any] | None] = [cell() for _ in DISTROS]
    special = {
        10: cell("failed"),
        20: cell("blocked", waits_for=["component-0010"]),
        30: cell(held_back=HELD_BACK),
        40: cell("building"),
        50: None,
        60: cell("waiting", waits_for=["component-0040", "component-0010"], next_generation=True),
        70: cell("ready", version="", since=0),
    }
    if number in special:
        cells[number // 10 % len(DISTROS)] = special[number]
    return cells


def matrix(components: int) -> dict[str, Any]:
    """A channel's matrix; components 10, 20 … 70 are special on one distro each."""
    rows = [{"component": f"component-{n:04}", "cells": _cells(n)} for n in range(components)]
    return {
        "channel": "development",
        "distros": list(DISTROS),
        "rows": rows,
        "found": components,
    }


def line(distro: str, components: int, **more: Any) -> dict[str, Any]:
    """A line in a few figures."""
    plain = {
        "channel": "development",
        "distro": distro,
        "kind": "channel",
        "state": "idle",
        "generation": 40,
        "snapshot": 311,
        "published_at": time.time() - 3600,
        "archive": f"http://archive.example.org/development/{distro}/",
        "total": components,
        "counts": {"published": components},
        "held_back": 0,
    }
    return {**plain, **more}


def made_farm(components: int = 80) -> dict[str, Any]:
    """Address to answer."""
    lines = [line(distro, components) for distro in DISTROS]
    return {
        "lines": {"lines": lines, "found": len(lines)},
        "matrix/development": matrix(components),
        "troubles": {"troubles": [], "found": 0},
        "publications": {"publications": []},
        "pushes": {"pushes": []},
        "workers": {"workers": [], "disk_free": 41 * 10**9, "disk_size": 200 * 10**9},
        "components": {"components": [], "found": components},
        "me": {"name": "x", "role": "admin", "logged_in": True, "may": ["force"], "login": None},
    }


def empty_farm() -> dict[str, Any]:
    """A farm that nobody has told anything yet."""
    answers = made_farm(0)
    answers["lines"] = {"lines": [], "found": 0}
    del answers["matrix/development"]
    return answers


COMMIT = "1f3a9c2e55d0b6a7c8d9e0f1a2b3c4d5e6f70819"


def _commit_on(distro: str, stage: str, holds: str = "") -> dict[str, Any]:
    now = time.time()
    published = stage == "published"
    return {
        "channel": "development",
        "distro": distro,
        "component": "libogg",
        "stage": stage,
        "merged_at": now - 7200,
        "built_at": now - 3600 if stage in ("built", "published") else 0,
        "key": FAILED_KEY,
        "version": "1.3.5+git12.g1f3a9c2-1~deb12",
        "published_at": now - 1800 if published else 0,
        "snapshot": 312 if published else None,
        "holds": holds,
    }


def followed_commit() -> dict[str, Any]:
    """A commit of a pull request that is published and promoted on one distro, held on others."""
    topic = {
        "name": "pr-libogg-12",
        "kind": "pull",
        "branch": "faster-framing",
        "base": "development",
        "reason": "Frame without copying",
        "who": "ada",
        "created_at": time.time() - 9000,
        "refreshed_at": 0,
        "expires_at": time.time() + 86_400 * 13,
        "components": ["libogg"],
        "commit": COMMIT,
        "number": 12,
        "lines": [
            {
                "distro": "bookworm",
                "state": "idle",
                "counts": {"built": 3},
                "verdict": "failure",
                "description": "libogg does not build: test: 1 of 9 tests failed",
                "archive": None,
                "snapshot": None,
            }
        ],
    }
    commit = {
        "commit": COMMIT,
        "subject": "Frame without copying",
        "author": "Ada Lovelace",
        "committed_at": time.time() - 9000,
        "components": ["libogg"],
        "lines": [
            _commit_on("bookworm", "published"),
            _commit_on("trixie", "built", f"held back: {HELD_BACK}"),
            _commit_on("el9", "merged", "waits for libfoo to be built first"),
            _commit_on("noble", "not merged", "main does not have it"),
        ],
    }
    promoted = {
        "channel": "stable-1.2",
        "snapshot": 7,
        "published_at": time.time() - 600,
        "archive": "http://archive.example.org/stable-1.2/bookworm/",
    }
    return {
        **made_farm(),
        "topics": {"topics": [topic], "found": 1},
        "topics/faster": {**topic, "kind": "topic", "name": "topic-faster", "commit": ""},
        f"commits/{COMMIT}": commit,
        "lines/development/bookworm/promotions": {"promotions": [promoted]},
    }
