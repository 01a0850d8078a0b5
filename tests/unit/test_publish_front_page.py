"""What the front page of an archive says, and that nobody's text becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from repo_publish.front_page import Surroundings, commit_url, front_page, row_of
from repo_publish.held_back import HeldBack
from repo_publish.manifest import Extra, Manifest, ManifestComponent, Refused, Rollback
from repo_publish.rendering import grouped
from repo_publish.summary import summary_of
from tests.manifests import FINGERPRINT, URL, a_component, a_file, a_manifest

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;{{ 7 * 7 }}"


def page_of(manifest: Manifest, surroundings: Surroundings | None = None) -> str:
    return front_page(
        manifest, configuration="the configuration", surroundings=surroundings or Surroundings()
    )


def an_app(**changes: object) -> ManifestComponent:
    files = (a_file("app-tools"), a_file("app", kind="source"))
    return a_component("app", *files).model_copy(update=changes)


class Tags(HTMLParser):
    """Collects what a browser would see as elements, attributes and text."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_says_how_to_use_the_archive() -> None:
    page = Tags(page_of(a_manifest(an_app())))

    assert f"{URL}/development/bookworm/farm.sources" in page.text
    assert "sudo apt install app-tools" in page.text
    assert "the configuration" in page.text
    assert grouped(FINGERPRINT) in page.text
    assert f"{URL}/snapshots/development/bookworm/7/" in page.text


def test_dnf_users_get_their_own_instructions() -> None:
    page = Tags(page_of(a_manifest(an_app(), family="rpm", distro="el9")))

    assert f"{URL}/development/el9/farm.repo" in page.text
    assert "sudo dnf install app-tools" in page.text
    assert "repo_gpgcheck" in page.text
    assert "apt" not in page.text.replace("app-tools", "")


def test_every_package_is_there_with_version_date_commit_and_changes() -> None:
    component = an_app(
        since=1_700_000_000,
        changes=("Repair the frame", "Count the pages"),
        git="https://example.invalid/app.git",
        log=Extra(path="logs/app_0.log", sha256="0" * 64, size=1),
        provenance=Extra(path="provenance/app_0.intoto.json", sha256="0" * 64, size=1),
    )
    sbom = Extra(path="sbom.cdx.json", sha256="0" * 64, size=1)
    page = Tags(page_of(a_manifest(component, sbom=sbom)))

    hrefs = {value for name, value in page.attributes if name == "href"}
    assert f"https://example.invalid/app/commit/{'c' * 40}" in hrefs
    assert {file.path for file in component.files} < hrefs
    assert {"logs/app_0.log", "provenance/app_0.intoto.json", "sbom.cdx.json"} < hrefs
    for text in ("1.0-1", "2023-11-14", "Repair the frame", "Count the pages", "app-tools"):
        assert text in page.text


def test_a_rebuild_says_why_instead_of_what_changed() -> None:
    row = row_of(an_app(reason="libogg has another output"))

    assert row.changes == ("libogg has another output",)


def test_after_a_rollback_it_says_what_went_back_and_how_machines_follow() -> None:
    newer = a_component("app", a_file("app-tools", "2.0-1"))
    refused = Refused(build=newer, snapshot=6, reason="loses data", since=1_700_000_000)
    rollback = Rollback(from_snapshot=6, to_snapshot=5, reason="loses data")
    page = Tags(page_of(a_manifest(an_app(), rollback=rollback, refused={"app": refused})))

    assert "loses data" in page.text
    assert "2.0-1" in page.text
    assert "apt-get install --only-upgrade --allow-downgrades" in page.text


def test_what_is_held_back_is_there_with_the_reason_and_since_when() -> None:
    held = HeldBack(component="lib", commit="d" * 40, reason="app needs lib1", since=1_700_000_000)
    page = Tags(page_of(a_manifest(an_app(), held_back=(held,))))

    for text in ("lib", "dddddddddd", "app needs lib1", "2023-11-14 22:13"):
        assert text in page.text
    assert "Held back" not in Tags(page_of(a_manifest(an_app()))).text


def test_snapshots_and_releases_are_linked() -> None:
    around = Surroundings([summary_of(a_manifest(number=6), None)], ["1.2"])
    page = Tags(page_of(a_manifest(an_app()), around))

    hrefs = {value for name, value in page.attributes if name == "href"}
    assert f"{URL}/snapshots/development/bookworm/6/" in hrefs
    assert f"{URL}/snapshots/development/bookworm/" in hrefs
    assert f"{URL}/releases/1.2/bookworm/" in hrefs


def test_a_release_says_that_it_never_changes() -> None:
    page = Tags(page_of(a_manifest(an_app(), channel="releases/1.2", release="1.2")))

    assert "Farm: release 1.2 for bookworm" in page.text
    assert "never changes" in page.text
    assert f"{URL}/releases/1.2/bookworm/farm.sources" in page.text
    assert "All snapshots" not in page.text
    assert f"{URL}/snapshots" not in page.text


def test_nothing_needs_scripts_or_other_servers() -> None:
    page = Tags(page_of(a_manifest(an_app())))

    assert "script" not in page.tags
    assert "link" not in page.tags
    sources = [value for name, value in page.attributes if name in ("href", "src")]
    assert all(s and (s.startswith((URL, "#")) or "://" not in s) for s in sources)


def test_hostile_text_stays_text() -> None:
    harmless = page_of(a_manifest(an_app(changes=("x", "y"), reason="z")))
    component = an_app(
        version=HOSTILE,
        commit=HOSTILE,
        changes=(HOSTILE, HOSTILE),
        git=f"https://example.invalid/{HOSTILE}",
    )
    refused = Refused(build=component, snapshot=6, reason=HOSTILE, since=1)
    held = HeldBack(component=HOSTILE, commit=HOSTILE, reason=HOSTILE, since=1)
    evil = Tags(page_of(a_manifest(component, title=HOSTILE)))
    refusing = a_manifest(component, title=HOSTILE, refused={"app": refused}, held_back=(held,))

    assert sorted(evil.tags) == sorted(Tags(harmless).tags)
    for page in (evil, Tags(page_of(refusing))):
        assert not {"script", "img"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert HOSTILE in page.text


@pytest.mark.parametrize(
    ("git", "commit", "expected"),
    [
        (
            "https://example.invalid/a/b.git",
            "abc1234",
            "https://example.invalid/a/b/commit/abc1234",
        ),
        ("https://example.invalid/a/b/", "abc1234", "https://example.invalid/a/b/commit/abc1234"),
        ("javascript:alert(1)//.git", "abc1234", ""),
        ("https://example.invalid/a b", "abc1234", ""),
        ("https://example.invalid/a", "../../evil", ""),
        ("git@example.invalid:a/b.git", "abc1234", ""),
        ("/srv/git/a.git", "abc1234", ""),
        ("", "abc1234", ""),
    ],
)
def test_commits_are_linked_where_a_forge_shows_them(git: str, commit: str, expected: str) -> None:
    assert commit_url(git, commit) == expected
