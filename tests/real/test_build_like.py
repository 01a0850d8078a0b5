"""`farm build --like`: a real farm's failed build, done again on this machine."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.farms import BIN, TestFarm, change
from tests.real.cache import CACHE
from tests.tiny_farm import LINE, TIMEOUT_S, tiny_farm
from tests.topics import told

pytestmark = pytest.mark.real

ERROR = "tinyapp.c:1:1: error: unknown type name ‘broken’"  # noqa: RUF001 as gcc prints it


def like(farm: TestFarm, cwd: Path, build: str) -> subprocess.CompletedProcess[str]:
    """The command of a developer who knows the farm's address and nothing else of it."""
    cwd.mkdir(exist_ok=True)
    own = {name: value for name, value in os.environ.items() if name != "FARM_SITE"}
    cache = farm.base / "own-cache"
    if not cache.exists():
        cache.mkdir()
        (cache / "deb").symlink_to(CACHE / "deb")  # roots, of which there may be one a machine
    return subprocess.run(
        [BIN / "farm", "build", "--like", build, "--farm", farm.url, "--json"],
        cwd=cwd,
        env={**own, "FARM_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_fails_and_what_builds_on_the_farm_does_so_here(tmp_path: Path) -> None:
    with tiny_farm(tmp_path) as farm:
        (line,) = told(farm, "components/tinyapp")["lines"]
        good = line["builds"][0]["key"]
        repository = tmp_path / "git" / "tinyapp"
        change(repository, {"tinyapp.c": "broken x;\n"}, "Break it")
        farm.hook(f"file://{repository}")
        farm.wait_states(LINE, TIMEOUT_S, tinylib="published", tinyapp="failed")
        (line,) = told(farm, "components/tinyapp")["lines"]
        failure = told(farm, f"builds/{line['standing']['key']}")["failure"]
        assert failure["kind"] == "compiler" and ERROR in failure["message"]

        page = f"{farm.url}#/farm/build/{line['standing']['key']}"
        failed = like(farm, tmp_path / "desk", page)
        assert failed.returncode == 10, failed.stderr
        assert "the farm: tinyapp" in failed.stderr and ERROR in failed.stderr.split("farm: ")[-1]
        assert ERROR in (tmp_path / "desk/packages/bookworm/tinyapp/build.log").read_text()

        built = like(farm, tmp_path / "desk", good[:12])
        assert built.returncode == 0, built.stderr
        answer = json.loads(built.stdout)
        assert answer["same_output"] and answer["version"] == line["standing"]["version"]
