"""Why a component is stale, and how much of its build tree is kept: decisions on plain data."""

from dataclasses import replace

import pytest

from farm.buildsystem import Kind
from farm.workspace.records import Evidence, Inputs, Installed, Record
from farm.workspace.redo import ALL_OBJECTS, Redo, compare, decide
from farm.workspace.staleness import differences, reasons

LINES = {
    "configure": "./configure",
    "build": "make",
    "test": "make check",
    "install": "make install",
}
INPUTS = Inputs("s1", LINES, {"CFLAGS": "-O2"}, {"cc": "gcc 12"}, {"ogg": "o1"})
FILES = {"configure": "x1", "Makefile.in": "-1", "src/a.c": "-1", "src/a.h": "-1", "README": "-1"}
OUTPUTS = {
    "ogg": {
        "include/ogg.h": ["h1", "h1"],
        "lib/libogg.a": ["l1", "n1"],
        "lib/pkgconfig/ogg.pc": ["p1", "p1"],
        "bin/oggtool": ["b1", "b1"],
    }
}
EVIDENCE = Evidence(
    INPUTS,
    FILES,
    OUTPUTS,
    "done",
    configure_opened=["configure", "Makefile.in"],
    build_opened=["src/a.c", "src/a.h"],
    prefix_opened=["lib/pkgconfig/ogg.pc", "lib/libogg.a"],
    runs_programs=False,
    boot="b",
)


def redo(
    evidence: Evidence | None = EVIDENCE,
    inputs: Inputs = INPUTS,
    files: dict[str, str] = FILES,
    outputs: dict[str, dict[str, list[str]]] = OUTPUTS,
    **more: object,
) -> Redo:
    given: dict[str, object] = {"kind": Kind.CONFIGURE, "boot": "b", **more}
    return decide(evidence, inputs, files, outputs, **given)  # type: ignore[arg-type]


def with_output(path: str, seen: str, link: str = "") -> dict[str, dict[str, list[str]]]:
    return {"ogg": {**OUTPUTS["ogg"], path: [seen, link or seen]}}


def record(inputs: Inputs = INPUTS) -> Record:
    return Record(inputs, "out", "passed", {"lib/x": Installed("-1", "-1", "-1")})


def test_equal_inputs_are_up_to_date() -> None:
    assert reasons(record(), INPUTS) == ()


def test_every_input_that_differs_is_named() -> None:
    now = Inputs(
        "s2",
        {**LINES, "build": "make all"},
        {"CFLAGS": "-O0"},
        {"cc": "gcc 13"},
        {"vorbis": "v1"},
    )
    assert differences(INPUTS, now, ("src/a.c", "b", "c", "d")) == (
        "its source changed: src/a.c, b, c and 1 more",
        "its build command changed",
        "dependency ogg is gone",
        "dependency vorbis is new",
        "CFLAGS changed",
        "cc changed on this machine",
    )


def test_no_build_and_a_damaged_one_are_reasons() -> None:
    assert reasons(None, INPUTS) == ("not built yet",)
    assert "by hand" in reasons(record(), INPUTS, damaged=True)[0]


def test_a_changed_c_file_keeps_configure_and_other_objects() -> None:
    found = redo(files={**FILES, "src/a.c": "-2"})
    assert (found.fresh, found.source) == (False, {"src/a.c"})


def test_nothing_that_configure_did_not_read_configures_again() -> None:
    assert not redo(files={**FILES, "README": "-2"}).fresh
    assert redo(files={**FILES, "Makefile.in": "-2"}).why == "configure reads Makefile.in"


@pytest.mark.parametrize(
    "files",
    [
        {**FILES, "src/new.h": "-1"},
        {k: v for k, v in FILES.items() if k != "README"},
        {**FILES, "README": "lelsewhere"},
        {**FILES, "README": "x1"},
    ],
)
def test_files_that_come_or_go_or_become_something_else_mean_a_fresh_tree(
    files: dict[str, str],
) -> None:
    assert redo(files=files).fresh


def test_dune_finds_new_files_itself() -> None:
    files = {"dune-project": "-1", "a.ml": "-1"}
    lines = {**LINES, "configure": ""}
    evidence = replace(EVIDENCE, files=files, inputs=replace(INPUTS, lines=lines))
    found = redo(evidence, replace(INPUTS, lines=lines), {**files, "b.ml": "-1"}, kind=Kind.DUNE)
    assert (found.fresh, found.trusted) == (False, ("_build",))


def test_a_library_whose_symbols_are_the_same_is_only_linked_again() -> None:
    found = redo(outputs=with_output("lib/libogg.a", "l2", "n1"))
    assert (found.fresh, found.source, found.prefix) == (False, frozenset(), frozenset())


def test_a_library_with_other_symbols_is_configured_for_again() -> None:
    assert redo(outputs=with_output("lib/libogg.a", "l2", "n2")).fresh


def test_a_library_is_configured_for_again_when_configure_runs_programs() -> None:
    runs = replace(EVIDENCE, runs_programs=True)
    assert redo(runs, outputs=with_output("lib/libogg.a", "l2", "n1")).fresh


def test_a_header_that_configure_did_not_read_drops_what_is_compiled_with_it() -> None:
    found = redo(outputs=with_output("include/ogg.h", "h2"))
    assert (found.fresh, found.prefix) == (False, {"include/ogg.h"})


def test_a_program_of_a_dependency_may_write_code_so_every_object_is_dropped() -> None:
    found = redo(outputs=with_output("bin/oggtool", "b2"))
    assert (found.fresh, found.source) == (False, ALL_OBJECTS)


def test_what_a_dependency_adds_can_hide_something_else() -> None:
    assert redo(outputs=with_output("include/string.h", "h1")).fresh


def test_when_it_is_not_known_what_configure_read_it_may_have_read_anything() -> None:
    blind = replace(EVIDENCE, configure_opened=None, prefix_opened=None)
    assert redo(blind, files={**FILES, "README": "-2"}).fresh
    assert redo(blind, outputs=with_output("include/ogg.h", "h2")).fresh


def test_without_a_configure_step_nothing_is_configured_again() -> None:
    lines = {**LINES, "configure": ""}
    blind = replace(
        EVIDENCE, inputs=replace(INPUTS, lines=lines), configure_opened=None, prefix_opened=None
    )
    now = replace(INPUTS, lines=lines)
    assert not redo(blind, now, {**FILES, "Makefile.in": "-2"}).fresh
    assert not redo(blind, now, outputs=with_output("lib/libogg.a", "l2")).fresh


@pytest.mark.parametrize(
    "inputs",
    [
        replace(INPUTS, environment={"CFLAGS": "-O0"}),
        replace(INPUTS, tools={"cc": "gcc 13"}),
        replace(INPUTS, lines={**LINES, "configure": "./configure --x"}),
        replace(INPUTS, dependencies={}),
    ],
)
def test_what_everything_is_made_with_means_a_fresh_tree(inputs: Inputs) -> None:
    assert redo(inputs=inputs).fresh


def test_another_build_line_compiles_everything_again() -> None:
    found = redo(inputs=replace(INPUTS, lines={**LINES, "build": "make V=1"}))
    assert (found.fresh, found.source) == (False, ALL_OBJECTS)


def test_a_build_that_ended_without_warning_keeps_no_object() -> None:
    killed = replace(EVIDENCE, phase="building")
    assert redo(killed).source == ALL_OBJECTS
    assert redo(replace(killed, stopped=9.0)).source == frozenset()
    assert redo(killed, boot="other").fresh
    assert redo(replace(EVIDENCE, phase="configuring")).fresh


def test_what_failed_with_kept_products_is_tried_from_nothing_before_it_is_believed() -> None:
    failed = replace(EVIDENCE, failed=True, kept=True)
    assert redo(failed).fresh
    assert not redo(replace(failed, kept=False)).fresh
    assert not redo(failed, replace(INPUTS, sources="s2"), {**FILES, "src/a.c": "-2"}).fresh


def test_no_tree_and_the_users_wish_mean_a_fresh_one() -> None:
    assert redo(None).fresh
    assert redo(insist=True).fresh


def test_differences_of_sources() -> None:
    changes = compare({"a": "-1", "b": "-1", "c": "-1"}, {"a": "-1", "b": "-2", "d": "-1"})
    assert {path: change.value for path, change in changes.items()} == {
        "b": "changed",
        "c": "removed",
        "d": "added",
    }
