"""What a rollback took back stays back: which builds, until when, and what was built with them."""

from __future__ import annotations

from repo_publish.manifest import Manifest, Refused
from repo_publish.model import Publication, Published

_COMMIT_DIGITS = 10


def refused_by(live: Manifest, target: Manifest, reason: str, timestamp: int) -> dict[str, Refused]:
    """The builds that must not come back after a rollback from `live` to `target`.

    What was refused before stays so where the rollback changes nothing.
    """
    wanted = {c.component: c.key for c in target.components}
    has = {c.component: c.key for c in live.components}
    earlier = {n: r for n, r in live.refused.items() if has.get(n) == wanted.get(n)}
    now = {
        build.component: Refused(build=build, snapshot=live.number, reason=reason, since=timestamp)
        for build in live.components
        if wanted.get(build.component) != build.key
    }
    return earlier | now


def still_refused(live: Manifest, content: dict[str, str]) -> dict[str, Refused]:
    """What a new snapshot still refuses: a component that got another build is free again.

    :param content: component to build key of the new snapshot.
    """
    has = {c.component: c.key for c in live.components}
    return {n: r for n, r in live.refused.items() if content.get(n) in (None, has.get(n))}


def rolled_back(publication: Publication, live: Manifest) -> dict[str, str]:
    """Components of `publication` that a rollback holds back, each with the reason.

    A component is free as soon as another commit of it is wanted, or another build where the
    rollback did not change the commit. Builds that were made with a refused one are held back,
    too: they may need what it had.
    """
    has = {c.component: c for c in live.components}
    candidates = [
        p for p in publication.packages if p.component not in has or has[p.component].key != p.key
    ]
    refused_keys = {refused.build.key: name for name, refused in live.refused.items()}
    reasons: dict[str, str] = {}
    for published in candidates:
        refused = live.refused.get(published.component)
        there = has.get(published.component)
        if refused and _is_refused(published, refused, there.commit if there else ""):
            refused_keys[published.key] = published.component
            reasons[published.component] = (
                f"rolled back after snapshot {refused.snapshot} ({refused.reason}): waits for a "
                f"commit after {refused.build.commit[:_COMMIT_DIGITS]}"
                if not there or there.commit != refused.build.commit
                else f"rolled back after snapshot {refused.snapshot} ({refused.reason}): waits for "
                "another build"
            )
    while True:
        step = {}
        for published in candidates:
            bad = [refused_keys[k] for k in published.inputs.values() if k in refused_keys]
            if bad and published.component not in reasons:
                step[published.component] = f"was built with {bad[0]}, which is rolled back"
                refused_keys[published.key] = published.component
        if not step:
            return reasons
        reasons |= step


def _is_refused(published: Published, refused: Refused, live_commit: str) -> bool:
    build = refused.build
    same_commit = published.commit == build.commit and live_commit != build.commit
    return published.key == build.key or same_commit
