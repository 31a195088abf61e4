"""Which parameters lead to a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gxarena.submissions.paths import paths_among


@pytest.mark.parametrize(
    "text",
    ["/etc/passwd", "../x", "./x", "~/x", "$HOME/x", "a/../../x", "\\\\host\\x", ".",
     "here/mine.npz", "dangling/link"],
)  # fmt: skip
def test_what_leads_to_a_file(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("here", "dangling"):
        (tmp_path / folder).mkdir()
    (tmp_path / "here" / "mine.npz").touch()
    (tmp_path / "dangling" / "link").symlink_to(tmp_path / "nowhere")
    assert list(paths_among({"a": [{"b": text}, 1, None]})) == [text]


def test_a_name_without_a_folder_counts_where_a_component_may_open_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    given = {"checkpoint": "mine", "replicates": ["fly", "owner/name"]}
    assert list(paths_among(given, names=True)) == ["mine"]
    assert list(paths_among(given)) == []


@pytest.mark.parametrize("text", ["fly", "owner/name", "dinucleotide", "", "a" * 10_000])
def test_what_does_not(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(paths_among([text, 0.5, {"a": True}])) == []
