"""What a manifest says of a build, wherever its packages came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from repo_publish.content import PlacedExtra, collect
from repo_publish.describe import described, without_credentials
from repo_publish.live import Kept
from repo_publish.manifest import Extra, ManifestInput
from tests.manifests import a_component, a_content, a_file, a_manifest, a_publication, published
from tests.packages import build_deb, store

LOG = Extra(path="logs/app_0.log", sha256="0" * 64, size=7)
NOW = 1_800_000_000


def test_a_build_of_the_pool_says_everything(tmp_path: Path) -> None:
    pool = tmp_path / "pool"
    lib = store(pool, "lib", "bookworm", "2.0-1", build_deb(tmp_path, "lib", "2.0-1"))
    log = tmp_path / "build.log"
    log.write_text("built\n")
    app = store(pool, "app", "bookworm", "1.0-1", [*build_deb(tmp_path, "app", "1.0-1"), log])
    wanted = app.model_copy(
        update={
            "git": "https://user:token@example.invalid/app.git",
            "inputs": {"lib": lib.key, "gone": "0" * 64},
            "reason": "first build",
            "finished": 1_700_000_000,
        }
    )

    (component,) = described(collect(a_publication(wanted), pool=pool, live=None), pool, NOW)

    assert (component.component, component.version, component.tests) == ("app", "1.0-1", "passed")
    assert component.git == "https://example.invalid/app.git"
    assert component.inputs == {
        "lib": ManifestInput(key=lib.key, version="2.0-1"),
        "gone": ManifestInput(key="0" * 64, version=""),
    }
    assert (component.reason, component.finished) == ("first build", 1_700_000_000)
    assert component.log
    assert component.log.path == f"logs/app_{app.key[:16]}.log"
    assert component.log.size == len("built\n")


def test_a_build_that_a_snapshot_has_keeps_what_was_said_of_it() -> None:
    before = a_component("app", a_file("app")).model_copy(
        update={"git": "https://example.invalid/app.git", "log": LOG, "tests": "passed"}
    )
    live = Kept(a_manifest(before), Path("/live"))

    (content,) = collect(a_publication(published("app", commit="d" * 40)), pool=None, live=live)
    (component,) = described([content], None, NOW)

    assert content.log == PlacedExtra(LOG, Path("/live/logs/app_0.log"))
    assert component == before.model_copy(update={"commit": "d" * 40})


def test_a_line_remembers_since_when_it_has_a_build_and_what_that_brought() -> None:
    wanted = published("app").model_copy(update={"changes": ("Two", "One")})
    (fresh,) = described([replace(a_content("app"), published=wanted)], None, NOW)
    assert (fresh.since, fresh.changes) == (NOW, ("Two", "One"))

    live = Kept(a_manifest(fresh), Path("/live"))
    (again,) = described(
        collect(a_publication(published("app")), pool=None, live=live), None, NOW + 60
    )
    assert (again.since, again.changes) == (NOW, ("Two", "One"))

    on_another_line = collect(a_publication(published("app")), pool=None, live=None, others=[live])
    (promoted,) = described(on_another_line, None, NOW + 60)
    assert promoted.since == NOW + 60


def test_inputs_are_found_among_what_is_published_with_them() -> None:
    lib = a_content("lib")
    app = a_content("app")
    inputs = {"lib": lib.published.key}
    app = replace(app, published=app.published.model_copy(update={"inputs": inputs}))

    components = described([app, lib], None, NOW)

    assert components[0].inputs["lib"].version == lib.version


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://example.invalid/a.git", "https://example.invalid/a.git"),
        ("https://token@example.invalid/a.git", "https://example.invalid/a.git"),
        ("https://user:secret@example.invalid/a@b", "https://example.invalid/a@b"),
        ("ssh://git:secret@example.invalid/a.git", "ssh://git@example.invalid/a.git"),
        ("ssh://git@example.invalid:22/a.git", "ssh://git@example.invalid:22/a.git"),
        ("git@example.invalid:a.git", "git@example.invalid:a.git"),
        ("file:///srv/git/a.git", "file:///srv/git/a.git"),
        ("/srv/git/a@b.git", "/srv/git/a@b.git"),
    ],
)
def test_no_credentials_are_published(url: str, public: str) -> None:
    assert without_credentials(url) == public
