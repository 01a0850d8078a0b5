"""The event that tells of a snapshot, and its signature."""

from __future__ import annotations

import hashlib
import hmac
import json

from repo_publish.manifest import Origin
from repo_publish.qa.event import event_of, signed_request
from tests.manifests import URL, a_component, a_file, a_manifest


def test_an_event_says_what_changed_and_where_everything_is() -> None:
    before = a_manifest(a_component("stays"), a_component("app"), a_component("gone"), number=6)
    after = a_manifest(a_component("stays"), a_component("app", a_file("app"), version="2.0-1"))

    event = event_of(after, before)

    assert (event["line"], event["snapshot"], event["previous"]) == ("development/bookworm", 7, 6)
    assert event["manifest"] == f"{URL}/snapshots/development/bookworm/7/manifest.json"
    assert event["configuration"] == f"{URL}/development/bookworm/farm.sources"
    assert event["reports"] == f"{URL}/qa/development/bookworm/7"
    assert event["published"] == "2023-11-14T22:13:20+00:00"
    assert [(c["component"], c["what"], c["version"]) for c in event["changed"]] == [
        ("app", "changed", "2.0-1"),
        ("gone", "removed", ""),
    ]


def test_without_the_snapshot_before_everything_is_new() -> None:
    event = event_of(a_manifest(a_component("app"), previous=None), None)

    assert [change["what"] for change in event["changed"]] == ["added"]


def test_a_promotion_says_where_it_comes_from() -> None:
    origin = Origin(channel="development", distro="bookworm", snapshot=42)
    event = event_of(a_manifest(channel="testing", origin=origin), None)

    assert event["promoted_from"] == {
        "channel": "development",
        "distro": "bookworm",
        "snapshot": 42,
    }


def test_the_body_is_signed_and_the_event_keeps_its_id() -> None:
    event = event_of(a_manifest(a_component("app")), None)

    body, headers = signed_request(event, "secret")

    assert json.loads(body) == event
    digest = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert headers["X-Farm-Signature-256"] == f"sha256={digest}"
    assert headers["X-Farm-Delivery"] == "development/bookworm/7@1700000000"
    assert headers["X-Farm-Event"] == "published"
