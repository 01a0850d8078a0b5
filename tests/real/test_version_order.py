"""Our order of versions is rpm's and dpkg's own."""

from __future__ import annotations

import random
import subprocess

import pytest
from debian.debian_support import NativeVersion

from farm.version_order import rpm_sort_key

pytestmark = pytest.mark.real

WORDS = ("", "1", "2", "10", "01", "a", "rc1", "rc", "git4", "git10", "gabc1234", "Z", "^", "~")


def pairs(count: int) -> list[tuple[str, str]]:
    dice = random.Random(1)  # noqa: S311 - the same versions every time

    def version() -> str:
        return "1" + "".join(dice.choice("..+~") + dice.choice(WORDS) for _ in range(3))

    return [(version(), version()) for _ in range(count)]


def test_rpm_agrees() -> None:
    some = pairs(400)
    quoted = ", ".join(f'{{"{a}", "{b}"}}' for a, b in some)
    script = f"for _, p in ipairs({{{quoted}}}) do print(rpm.vercmp(p[1], p[2]) .. ',') end"
    argv = ["rpm", "--eval", f"%{{lua: {script}}}"]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    for (a, b), said in zip(some, printed.rstrip(",\n").split(","), strict=True):
        ours = (rpm_sort_key(a) > rpm_sort_key(b)) - (rpm_sort_key(a) < rpm_sort_key(b))
        assert ours == int(said), (a, b)


def test_dpkg_agrees() -> None:
    for a, b in pairs(100):
        if "^" in a + b:
            continue
        argv = ["dpkg", "--compare-versions", a, "lt", b]
        said = subprocess.run(argv, check=False).returncode == 0
        assert (NativeVersion(a) < NativeVersion(b)) == said, (a, b)
