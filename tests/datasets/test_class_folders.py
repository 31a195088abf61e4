"""Folders SPLIT/CLASS/ID.txt, unpacked and archived alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from copies import archived, texts, unpacked

from gxarena.data import Sample
from gxarena.datasets.class_folders import is_copy, read_class_folders
from gxarena.errors import InputError

TEXTS = texts()


def test_folder_and_archive_give_the_same_samples(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "task", TEXTS)
    archive = archived(tmp_path / "task.zip", TEXTS, "task")
    for split in ("train", "test"):
        read = read_class_folders(folder, split)
        assert read == read_class_folders(archive, split)
        expected = {
            Sample(place.partition("/")[2], text, int("positive" in place))
            for place, text in TEXTS.items()
            if place.startswith(split)
        }
        assert len(read) == len(expected)
        assert set(read) == expected
        assert list(read) == sorted(read, key=lambda sample: sample.id)


def test_labels_are_the_sorted_classes_of_all_splits(tmp_path: Path) -> None:
    folder = unpacked(
        tmp_path, {"train/b/1": "AC", "train/c/1": "AC", "train/a/1": "AC", "test/c/1": "GT"}
    )
    assert read_class_folders(folder, "test") == (Sample("c/1", "GT", 2),)
    labels = {sample.id: sample.label for sample in read_class_folders(folder, "train")}
    assert labels == {"a/1": 0, "b/1": 1, "c/1": 2}


def test_case_white_space_and_ambiguous_letters(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, {"train/a/1": " acgtRYn\n", "test/a/1": "A"})
    assert read_class_folders(folder, "train")[0].sequence == "ACGTNNN"


def test_shadows_of_macos_are_no_samples(tmp_path: Path) -> None:
    archive = archived(
        tmp_path / "a.zip",
        {"t/train/a/1": "AC", "t/test/a/1": "AC", "__MACOSX/t/train/a/._1": "x", "t/README": "y"},
    )
    assert read_class_folders(archive, "train") == (Sample("a/1", "AC", 0),)


def test_what_counts_as_a_copy(tmp_path: Path) -> None:
    assert is_copy(unpacked(tmp_path / "task", TEXTS))
    assert is_copy(archived(tmp_path / "task.zip", TEXTS))
    (tmp_path / "half" / "train").mkdir(parents=True)
    assert not is_copy(tmp_path / "half")
    assert not is_copy(tmp_path / "absent")


def test_a_damaged_name_moves_no_labels(tmp_path: Path) -> None:
    """Of another split's member, which nobody reads: its class would come between the others."""
    archive = archived(tmp_path / "a.zip", {"train/b/1": "AC", "test/a/1": "AC", "test/b/2": "GT"})
    content = archive.read_bytes()
    place = content.rindex(b"train/b/1")  # in the list of members, at the archive's end
    archive.write_bytes(content[:place] + b"train/A/1" + content[place + 9 :])
    with pytest.raises(InputError, match="Is it damaged"):
        read_class_folders(archive, "test")


def test_letters_that_are_no_nucleotides_name_the_place(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, {"train/a/1": "ACXT", "test/a/1": "A"})
    with pytest.raises(InputError, match=r"train/a/1: expected letters ACGTN, got 'X'"):
        read_class_folders(folder, "train")


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    archive = archived(tmp_path / "a.zip", {"train/a/1": "A"})
    with pytest.raises(InputError, match=r"expected sequences as test/CLASS/ID.txt, got none. Sp"):
        read_class_folders(archive, "test")


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_a_damaged_archive_is_one_sentence(tmp_path: Path, damage: str) -> None:
    archive = archived(tmp_path / "a.zip", TEXTS)
    content = bytearray(archive.read_bytes())
    if damage == "truncated":
        del content[len(content) // 2 :]
    else:
        # The first member's compressed text begins after its header and name.
        content[45 : 45 + 12] = b"\x00" * 12
    archive.write_bytes(content)
    with pytest.raises(InputError, match="Is it damaged"):
        read_class_folders(archive, "train")
