"""The event that tells of a new snapshot."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from repo_publish.client_files import CONFIGURATION
from repo_publish.diff import difference
from repo_publish.manifest import MANIFEST, Manifest

KIND = "published"
SIGNATURE_HEADER = "X-Farm-Signature-256"
EVENT_HEADER = "X-Farm-Event"
DELIVERY_HEADER = "X-Farm-Delivery"
"""The same for every attempt to deliver an event: who has seen it may ignore it."""


def event_of(manifest: Manifest, before: Manifest | None) -> dict[str, Any]:
    """What systems under test are told of a snapshot.

    :param before: the snapshot that it replaced; None where there is none any more, and all
        components are then named as changed.
    """
    line = f"{manifest.channel}/{manifest.distro}"
    base = f"{manifest.url}/{manifest.lasting_path}"
    nothing = manifest.model_copy(update={"components": ()})
    changes = difference(before or nothing, manifest).components
    return {
        "event": KIND,
        "id": event_id(manifest),
        "line": line,
        "channel": manifest.channel,
        "distro": manifest.distro,
        "family": manifest.family.value,
        "architecture": manifest.architecture,
        "snapshot": manifest.number,
        "previous": manifest.previous,
        "published": datetime.fromtimestamp(manifest.timestamp, UTC).isoformat(),
        "url": f"{base}/",
        "manifest": f"{base}/{MANIFEST}",
        "configuration": f"{manifest.url}/{line}/{CONFIGURATION[manifest.family]}",
        "signing_key": manifest.signing_key,
        "changed": [
            {
                "component": change.component,
                "what": change.what,
                "version": change.after,
                "commit": change.commit_after,
            }
            for change in changes
        ],
        "promoted_from": manifest.origin.model_dump() if manifest.origin else None,
        "rollback": manifest.rollback.model_dump() if manifest.rollback else None,
        "reports": f"{manifest.url}/qa/{line}/{manifest.number}",
    }


def event_id(manifest: Manifest) -> str:
    """An event's own name: the same snapshot always has the same."""
    return f"{manifest.channel}/{manifest.distro}/{manifest.number}@{manifest.timestamp}"


def signed_request(event: dict[str, Any], secret: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the request; the signature is HMAC-SHA256 of the body, in the form
    that GitHub made usual.
    """
    body = json.dumps(event, ensure_ascii=False).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "farm",
        EVENT_HEADER: KIND,
        DELIVERY_HEADER: str(event["id"]),
        SIGNATURE_HEADER: f"sha256={digest}",
    }
