"""What a new worker's machine installs: this very farm, and what it needs, by digest."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from farm.errors import FarmError
from farm.files import write_atomically
from farm.run import run

REQUIREMENTS = Path("requirements") / "worker.txt"
_PARTS = ("pyproject.toml", "README.md", "farm", "repo_publish")
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


def top() -> Path:
    """The checkout that this farm runs from.

    :raises FarmError: it was installed without one.
    """
    found = Path(__file__).resolve().parents[2]
    if not (found / REQUIREMENTS).exists():
        raise FarmError(
            f"{found} is no checkout of the farm, which new workers get: run this from one"
        )
    return found


def prepare(folder: Path) -> None:
    """Put into a folder what `farm/templates/join.sh` installs.

    :param folder: that the master serves as ``/join/packages``.
    :raises FarmError: it cannot be made.
    """
    source = top()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy, made = Path(scratch) / "farm", Path(scratch) / "made"
        copy.mkdir()
        for part in _PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, copy / part, ignore=_IGNORED)
            else:
                shutil.copy2(source / part, copy / part)
        options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        run(
            "make the package for workers",
            [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", made, copy],
        )
        (wheel,) = made.glob("*.whl")
        shutil.copy2(source / REQUIREMENTS, made / "requirements.txt")
        lines = []
        for path in (wheel, made / "requirements.txt"):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            fresh = folder / f".{path.name}.new"
            shutil.copyfile(path, fresh)
            fresh.replace(folder / path.name)
            lines.append(f"{digest} {path.name}\n")
        write_atomically(folder / "LIST", "".join(lines))
