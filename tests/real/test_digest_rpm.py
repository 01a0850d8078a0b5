"""The output digest of RPMs: marks of files, scripts and triggers."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.digest import visible_facts
from farm.run import clean_environment, run

pytestmark = pytest.mark.real

MARKED = """\
Name: marked
Version: 1
Release: 1
Summary: Files and scripts with marks
License: MIT
BuildArch: noarch
%description
%install
mkdir -p %{{buildroot}}/etc %{{buildroot}}/usr/share/doc/marked
touch %{{buildroot}}/etc/marked %{{buildroot}}/usr/share/doc/marked/README
%post -p {interpreter}
%triggerin -p /bin/sh -- {other}
echo again
%filetriggerin -- {place}
echo a file
%files
{configuration} /etc/marked
%caps({capabilities}) %{{_datadir}}/doc/marked
%ghost {ghost}
"""
MARKS = {
    "interpreter": "/sbin/ldconfig",
    "other": "other > 1",
    "place": "/usr/lib",
    "configuration": "%config",
    "ghost": "/var/lib/marked",
    "capabilities": "=",
}


def marked(folder: Path, **marks: str) -> tuple[str, ...]:
    folder.mkdir()
    (folder / "marked.spec").write_text(MARKED.format_map({**MARKS, **marks}))
    argv = ["rpmbuild", "-bb", "-D", f"_topdir {folder}", folder / "marked.spec"]
    run("pack", argv, env=clean_environment(HOME=str(folder)))
    return visible_facts(folder.glob("RPMS/*/*.rpm"))


def test_marks_of_files_and_scripts_of_an_rpm_count(tmp_path: Path) -> None:
    reference = marked(tmp_path / "reference")
    for number, (mark, other) in enumerate(
        {
            "interpreter": "/bin/true",
            "other": "other > 2",
            "place": "/usr/lib64",
            "configuration": "%config(noreplace)",
            "ghost": "/var/lib/other",
        }.items()
    ):
        assert marked(tmp_path / f"{number}", **{mark: other}) != reference, mark
    documentation = marked(tmp_path / "documentation", capabilities="cap_net_raw=p")
    assert documentation == reference


def test_the_capabilities_of_a_program_of_an_rpm_count(tmp_path: Path) -> None:
    one, other = (
        marked(tmp_path / name, configuration=f"%caps({name})")
        for name in ("cap_net_raw=p", "cap_net_admin=p")
    )
    assert one != other
