"""The answers of `farm status`, `why`, `key` and `impact`, printed for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.cli.looking import Standing
from farm.cli.show import (
    ago,
    counted,
    plain,
    print_table,
    print_text,
    short,
    span,
    value_text,
    when,
)
from farm.failure.history import Breakage
from farm.failure.model import Failure
from farm.model.finding import listed
from farm.plan.impact import Impact
from farm.plan.planner import State
from farm.plan.report import BuildReport, Comparison, KeyReport, flat
from farm.plan.standing import ComponentStanding
from farm.records.store import LineId

EMPTY: tuple[object, ...] = (None, "", [], {})


def print_standing(standing: Standing) -> None:
    """Every line, then a row for each of its components."""
    if standing.source == "status.json":
        print(f"As the master says ({ago(standing.updated) or '0 s'} ago)")
    else:
        last = "there is no status.json"
        if standing.updated:
            last = f"its last word is {ago(standing.updated)} old"
        print(f"No master keeps the status fresh ({last}): derived from the records")
    if not standing.lines:
        print("no line has it")
    for name, line in standing.lines.items():
        snapshot = "nothing published" if line.snapshot is None else f"snapshot {line.snapshot}"
        generation = f"generation {line.generation}" if line.generation else "no generation yet"
        held = f", {len(line.held_back)} held back" if line.held_back else ""
        print(f"\n{name}: {generation}, {line.state}, {snapshot}{held}")
        print_table(
            ("component", "state", "published", "commit", "since", "why"),
            [
                (
                    component,
                    one.state,
                    one.package_version or "-",
                    _commits(one),
                    ago(one.since),
                    _why(one),
                )
                for component, one in line.components.items()
            ],
        )


def _commits(one: ComponentStanding) -> str:
    """The commit that the line has, and the newest one where that is another."""
    if one.newest_commit and one.newest_commit != one.commit:
        return (
            f"{one.commit[:8]} → {one.newest_commit[:8]}" if one.commit else one.newest_commit[:8]
        )
    return one.commit[:8] or "-"


def _why(one: ComponentStanding) -> str:
    words = []
    if one.state == State.WAITING:
        words.append(f"waits for {', '.join(one.waits_for)}")
    elif one.state == State.BLOCKED and one.waits_for:
        words.append(f"blocked by {', '.join(one.waits_for)}")
    elif one.reason:
        words.append(one.reason.splitlines()[0])
    elif one.state == State.BLOCKED:
        words.append("no commit of it is known yet")
    if one.held_back:
        words.append(f"held back: {one.held_back}")
    if one.next_generation:
        words.append(f"{one.newest_commit[:8]} '{one.subject}' waits for the next generation")
    return "; ".join(words)


def print_builds(
    component: str,
    line: LineId,
    builds: Sequence[BuildReport],
    logs: Mapping[str, str],
    total: int,
    failures: Mapping[str, Failure],
) -> None:
    """A block for each build: what it was, why it was made, where its log is.

    :param failures: what was found in the logs of those that failed, by key.
    """
    channel, distro = line
    if not builds:
        print(f"{component} was never built on {channel}/{distro}")
        return
    shown = f"the last {len(builds)} of " if total > len(builds) else ""
    print(f"{component} on {channel}/{distro}: {shown}{counted(total, 'build')}, newest first")
    for build in builds:
        spent = f" after {span(build.duration_s)}" if build.duration_s is not None else ""
        published = ", published now" if build.published else ""
        if build.same_output:
            published = ", with nothing new in it: the packages published before stay"
        print(f"\n{build.version}  {build.outcome}{spent}{published}")
        asked = f"{when(build.requested_at)} ({ago(build.requested_at)} ago)"
        print(f"  when    {asked}, {_where(build, channel)}")
        print(f"  key     {short(build.key)}, commit {short(build.commit)}")
        for label, reason in zip(("why", *[""] * len(build.reasons)), build.reasons, strict=False):
            print(f"  {label:<7} {plain(reason)}")
        if build.message:
            failed = f"{build.phase} failed: " if build.phase else ""
            again = f" ({counted(build.attempts, 'time')})" if build.attempts else ""
            text = plain(f"{failed}{build.message}{again}").replace("\n", "\n          ")
            print(f"  what    {text}")
        if failure := failures.get(build.key):
            print_failure(failure)
        print(f"  log     {logs[build.key]}")


def print_failure(failure: Failure) -> None:
    """The first error of a log with the lines around it, and what to do about it."""
    for number, text in enumerate(failure.context, failure.context_line):
        mark = ">" if number == failure.line else " "
        print(f"        {mark} {number:>6}  {plain(text)}".rstrip())
    if failure.hint:
        print(f"  hint    {plain(failure.hint)}")


def print_breakage(broken: Breakage) -> None:
    """Since which build a component fails."""
    good, bad = broken.commits
    builds = counted(broken.failed, "build")
    if broken.own:
        print(f"\nIt broke between commit {short(good)} and {short(bad)}; {builds} failed since")
    elif good:
        why = "; ".join(plain(reason) for reason in broken.bad.reasons)
        print(f"\nIt broke without a new commit: {why}; {builds} failed since")
    else:
        print(f"\nIt has never built here: {builds} failed, the first at commit {short(bad)}")


def _where(build: BuildReport, channel: str) -> str:
    made = f"generation {build.generation}"
    return made if build.channel == channel else f"{made} of channel {build.channel}, reused here"


def print_key(answer: KeyReport, *, previous: bool) -> None:
    """The key, its inputs, and how it differs from another where that was asked."""
    print(f"{answer.component} on {answer.channel}/{answer.distro}")
    if answer.key:
        print(f"key    {answer.key}")
        version = f", {answer.version}" if answer.version else ""
        kept = answer.uses and answer.uses != answer.version
        stays = f" with nothing new in it: {answer.uses} stays in use" if kept else ""
        print(f"state  {answer.state}{version}{stays}")
    else:
        print(
            f"key    not known before {', '.join(answer.waits_for)} is built: it is {answer.state}"
        )
    inputs = {name: value for name, value in answer.inputs.items() if name != "dependencies"}
    rows = [(name, value_text(value)) for name, value in flat(inputs) if value not in EMPTY]
    rows += [
        (f"dependencies.{d.component}", f"output {short(d.output_digest)} of {d.version}")
        for d in answer.dependencies
    ]
    print_table(("input", "value"), rows)
    if answer.compared is not None:
        _print_comparison(answer.compared, answer)
    elif previous:
        print("There is no build before it on this line.")


def _print_comparison(other: Comparison, answer: KeyReport) -> None:
    line = f"{other.channel}/{other.distro}, generation {other.generation}"
    print(
        f"Compared with {short(other.key)}: {other.component} {other.version} on {line}, "
        f"{ago(other.requested_at)} ago"
    )
    if other.key == answer.key:
        print("  it is the same key")
        return
    if not answer.key:
        print("  what its dependencies give is not compared: they are not built yet")
    same = not answer.key and not other.fields
    for sentence in ("its own inputs are the same",) if same else other.differences:
        print(f"  {sentence}")
    if other.fields:
        print_table(
            ("field", "before", "now"),
            [(one.field, value_text(one.before), value_text(one.after)) for one in other.fields],
        )


def print_impact(answer: Impact) -> None:
    """What would be rebuilt on each distro, then how long all of it takes."""
    print(
        f"A push to {answer.component} leads to at most {counted(answer.builds, 'build')} on "
        f"{counted(len(answer.distros), 'distro')}"
    )
    print_table(
        ("distro", "builds", "work", "critical path"),
        [
            (one.distro, str(len(one.rebuilds)), span(one.work_s), span(one.critical_s))
            for one in answer.distros
        ],
    )
    for what, joint, lists in (
        ("Rebuilt, in build order", ", ", {one.distro: one.rebuilds for one in answer.distros}),
        ("Critical path", " → ", {one.distro: one.critical_path for one in answer.distros}),
    ):
        for names, distros in _grouped(lists).items():
            where = f" on {listed(distros, last='and')}" if len(_grouped(lists)) > 1 else ""
            print_text(f"{what}{where}: {joint.join(names)}")
    print()
    if answer.elapsed_s is None:
        print("This farm has no worker for one of these distros.")
    else:
        builds = counted(answer.workers, "build")
        print(
            f"About {span(answer.elapsed_s)} on this farm's workers ({builds} at a time), if idle."
        )
    print(
        f"At least {span(answer.critical_s)} however many workers (the critical path); "
        f"{answer.enough_workers} at a time come close to it."
    )
    for one in answer.distros:
        if one.unmeasured:
            part = f"{len(one.unmeasured)} of {len(one.rebuilds)}"
            print(f"Never built on {one.distro}, so that their time is a guess: {part}.")
    print("Less where a build comes out as before: its dependents are then not rebuilt.")


def _grouped(lists: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, ...], list[str]]:
    """Distros that have the same list, by list: most often all of them."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for distro, names in lists.items():
        groups.setdefault(names, []).append(distro)
    return groups
