"""What a manifest says of each build: from the publication, the pool and earlier snapshots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from farm import pool as farm_pool
from repo_publish.content import Content
from repo_publish.manifest import ManifestComponent, ManifestInput

_CREDENTIALS = re.compile(r"^(?P<scheme>[a-z+]+://)[^/@]*@")
_SSH = "ssh://"


def described(
    contents: Sequence[Content], pool: Path | None, timestamp: int
) -> tuple[ManifestComponent, ...]:
    """The components of a manifest.

    A build that a snapshot has already keeps what was said of it there, where the publication does
    not say it. `pool` is asked for the versions of inputs that are not in `contents`.

    :param timestamp: when they are published, in seconds since 1970.
    """
    versions = {content.published.key: content.version for content in contents}

    def version_of(key: str) -> str:
        if key not in versions:
            result = farm_pool.result(pool, key) if pool else None
            versions[key] = result.version if result else ""
        return versions[key]

    return tuple(
        ManifestComponent.model_validate(
            {
                **_of_the_build(content),
                **_of_the_publication(content),
                **_of_the_line(content, timestamp),
                "inputs": {
                    name: ManifestInput(key=key, version=version_of(key))
                    for name, key in sorted(content.published.inputs.items())
                }
                or (content.before.inputs if content.before else {}),
                "files": tuple(placed.file for placed in content.files),
            }
        )
        for content in contents
    )


def without_credentials(url: str) -> str:
    """A clone URL as everybody may read it: no user, password or token before the host."""
    if url.startswith(_SSH):
        user = url.removeprefix(_SSH).partition("@")[0].partition(":")[0]
        return _CREDENTIALS.sub(rf"\g<scheme>{user}@", url)
    return _CREDENTIALS.sub(r"\g<scheme>", url)


def _of_the_build(content: Content) -> dict[str, Any]:
    if content.before is not None:
        return dict(content.before)
    result = content.result
    return {
        "version": content.version,
        "log": content.log.extra if content.log else None,
        "output_digest": result.output_digest if result else "",
        "root_identity": result.root_identity if result else "",
        "tests": result.tests if result else "",
    }


def _of_the_publication(content: Content) -> dict[str, Any]:
    said = content.published.model_dump(exclude={"inputs", "changes"}, exclude_defaults=True)
    if "git" in said:
        said["git"] = without_credentials(said["git"])
    return said


def _of_the_line(content: Content, timestamp: int) -> dict[str, Any]:
    """Since when the line has the build, and what that brought."""
    if content.new or content.before is None:
        return {"since": timestamp, "changes": content.published.changes}
    return {"since": content.before.since, "changes": content.before.changes}
