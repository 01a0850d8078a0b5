"""What a build in a scratch copy tells, and the scratch copy itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from farm.errors import InfrastructureError
from farm.packaging.manifest import Manifest
from farm.style import scratch
from farm.style.finding import Append, Finding
from farm.style.scratch import try_out, whole_directories
from farm.style.trial import Failure, Trial, check_trial, ignore_patterns


def found(*, packaged: bool = False, **facts: object) -> list[Finding]:
    trial = Trial(**facts)  # type: ignore[arg-type]  # any field
    return list(check_trial(trial, "x", packaged=packaged))


def test_a_good_trial_finds_nothing() -> None:
    assert found(manifest=Manifest.of(["/usr/bin/x"])) == []


@pytest.mark.parametrize(
    ("step", "rule"),
    [("configure", "build"), ("build", "build"), ("test", "test"), ("install", "install")],
)
def test_a_step_that_fails_is_a_finding_with_the_end_of_its_output(step: str, rule: str) -> None:
    output = "".join(f"line {number}\n" for number in range(100))
    (finding,) = found(failures=(Failure(step, "make", output),))
    assert finding.rule.id == rule
    assert "line 99" in finding.message and "line 9\n" not in finding.message


def test_installing_past_destdir_or_prefix_is_an_error() -> None:
    assert [f.rule.id for f in found(escaped=("bin/x",))] == ["install-destdir"]
    assert [f.rule.id for f in found(beside=("/usr/local/bin/x",))] == ["install-prefix"]


def test_units_and_configuration_have_fixed_places() -> None:
    fixed = ("/usr/lib/systemd/system/x.service", "/lib/udev/rules.d/x.rules", "/etc/x.conf")
    assert found(beside=fixed) == []


def test_leftovers_are_added_to_gitignore() -> None:
    (finding,) = found(made=("x.o", "build/", "x"))
    assert finding.changes == (Append(".gitignore", "*.o\n/build/\n/x\n"),)


def test_patterns_name_kinds_of_files_or_single_paths() -> None:
    paths = ("a.o", "b.o", "libx.so.1.2", "Makefile", "src/Makefile", "a[1]", ".deps/x.Po")
    assert ignore_patterns(paths) == ("*.o", "*.so.*", "Makefile", "/a\\[1]", ".deps/")


def test_packaging_is_tried_where_the_component_brings_none() -> None:
    nothing = Manifest.of([])
    assert [f.rule.id for f in found(manifest=nothing)] == ["packaging"]
    assert found(manifest=nothing, packaged=True) == []


def test_a_new_directory_stands_for_what_is_in_it() -> None:
    new = ["out/a", "out/b/c", "src/x.o", "y"]
    assert whole_directories(new, ["src/x.c"]) == ("out/", "src/x.o", "y")


def trial(tree: Path, makefile: str, *, ignored: str = "", steps: Sequence[str] = ()) -> Trial:
    """Try a Makefile without a sandbox; `steps` are its targets."""
    (tree / "Makefile").write_text(makefile)
    (tree / ".gitignore").write_text(ignored)
    lines = {step: f"make {step} PREFIX=$PREFIX DESTDIR=$DESTDIR" for step in steps}
    return try_out(tree, ["Makefile", ".gitignore", "gone"], lines, lambda line: None)


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit tests mount nothing."""

    def refuse(*_: object) -> None:
        raise InfrastructureError("builds need root")

    monkeypatch.setattr(scratch, "Overlay", refuse)


def test_a_scratch_copy_is_built_and_the_original_left_alone(tmp_path: Path) -> None:
    rules = (
        "build:\n\ttouch x.o made\n"
        "install:\n\tmkdir -p $(DESTDIR)$(PREFIX)/bin\n\ttouch $(DESTDIR)$(PREFIX)/bin/x\n"
    )
    result = trial(tmp_path, rules, ignored="*.o\n", steps=("build", "install"))
    assert result.failures == ()
    assert result.made == ("made",)
    assert result.manifest is not None
    assert [f.path for f in result.manifest.files] == ["/usr/bin/x"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".gitignore", "Makefile"]


def test_what_ignores_destdir_or_prefix_is_noticed(tmp_path: Path) -> None:
    rules = (
        "install:\n\tmkdir -p $(PREFIX)/bin $(DESTDIR)/opt\n"
        "\ttouch $(PREFIX)/bin/x $(DESTDIR)/opt/x\n"
    )
    result = trial(tmp_path, rules, steps=("install",))
    assert result.escaped == ("bin/x",)
    assert result.beside == ("/opt/x",)


def test_a_build_that_fails_ends_the_trial_and_a_test_does_not(tmp_path: Path) -> None:
    rules = "build:\n\ttrue\ntest:\n\techo no; false\ninstall:\n\ttouch $(DESTDIR)/x\n"
    failed_test = trial(tmp_path, rules, steps=("build", "test", "install"))
    assert [f.step for f in failed_test.failures] == ["test"]
    assert "no\n" in failed_test.failures[0].output
    assert failed_test.manifest is not None
    failed_build = trial(tmp_path, "build:\n\tfalse\n", steps=("build", "install"))
    assert [f.step for f in failed_build.failures] == ["build"]


def test_a_build_that_writes_to_its_sources_is_noticed(tmp_path: Path) -> None:
    result = trial(tmp_path, "build:\n\techo '# x' >>Makefile\n", steps=("build",))
    assert result.changed == ("Makefile",)
