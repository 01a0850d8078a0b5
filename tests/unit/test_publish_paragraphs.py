"""Reading a few fields of an index, as python-debian would."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from debian.deb822 import Deb822
from hypothesis import given
from hypothesis import strategies as st

from repo_publish.errors import VerifyError
from repo_publish.paragraphs import read_paragraphs

INDEX = """\
Package: liba
Version: 1.0
Description: one
 Version: of another kind

package: libb
Depends: liba (>= 1.0),
 libc6
Checksums-Sha256:
 00ff 12 libb.dsc
 11ee 13 libb.tar.xz

"""


def written(directory: Path, text: str) -> Path:
    path = directory / "Packages"
    path.write_text(text)
    return path


def test_only_the_wanted_fields_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, INDEX)

    assert list(read_paragraphs(path, ["Package", "Version", "Checksums-Sha256"])) == [
        {"Package": "liba", "Version": "1.0"},
        {"Package": "libb", "Checksums-Sha256": "\n 00ff 12 libb.dsc\n 11ee 13 libb.tar.xz"},
    ]


def test_an_empty_index_has_no_paragraphs(tmp_path: Path) -> None:
    assert list(read_paragraphs(written(tmp_path, ""), ["Package"])) == []


def test_a_field_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "Filename: good.deb\nfilename: evil.deb\n")

    with pytest.raises(VerifyError, match="has a field twice"):
        list(read_paragraphs(path, ["Filename"]))


def test_a_line_of_white_space_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "Package: a\n \nFilename: evil.deb\n")

    with pytest.raises(VerifyError, match="nothing but white space"):
        list(read_paragraphs(path, ["Filename"]))


names = st.sampled_from(["Package", "Version", "Depends", "Filename", "SHA256", "Description"])
words = st.text("abc:.-()|, ", min_size=1).filter(str.strip)
values = st.lists(words, min_size=1, max_size=3).map(lambda lines: "\n ".join(lines))
indices = st.lists(st.dictionaries(names, values, min_size=1), max_size=4)


@given(indices)
def test_the_same_is_read_as_python_debian_reads(index: list[dict[str, str]]) -> None:
    text = "\n".join(
        "".join(f"{name}: {value}\n" for name, value in paragraph.items()) for paragraph in index
    )
    fields = ["Package", "Depends", "Filename"]

    theirs = [
        {name: paragraph[name].split() for name in fields if name in paragraph}
        for paragraph in Deb822.iter_paragraphs(text.splitlines(), use_apt_pkg=False)
    ]

    with tempfile.TemporaryDirectory() as directory:
        path = written(Path(directory), text)
        ours = [
            {name: value.split() for name, value in paragraph.items()}
            for paragraph in read_paragraphs(path, fields)
        ]
    assert ours == [paragraph for paragraph in theirs if paragraph]
