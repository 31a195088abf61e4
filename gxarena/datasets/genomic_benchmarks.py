"""Genomic Benchmarks by name (Gresova et al. 2023, BMC Genomic Data 24:25)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gxarena.data import Sample
from gxarena.datasets.class_folders import is_copy, read_class_folders
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.download import check, fetched
from gxarena.datasets.split_tables import read_tables, tables_in, tables_on_hub
from gxarena.dna import reverse_complement
from gxarena.errors import InputError, suggest, unknown
from gxarena.files import HOME, data_home

NAME = "genomic-benchmarks"

TASKS = {
    "demo_coding_vs_intergenomic_seqs": "coding sequences",
    "demo_human_or_worm": "genomes",
    "drosophila_enhancers_stark": "enhancers",
    "dummy_mouse_enhancers_ensembl": "enhancers",
    "human_enhancers_cohn": "enhancers",
    "human_enhancers_ensembl": "enhancers",
    "human_ensembl_regulatory": "regulatory elements",
    "human_nontata_promoters": "promoters",
    "human_ocr_ensembl": "open chromatin",
}
"""The collection's names, and what kind of sequences each is of."""

ARCHIVES = "https://zenodo.org/records/16605299/files/{task}_v0.zip?download=1"
"""Where the collection's own package, genomic-benchmarks 1.0, fetches its data sets."""

REPOSITORIES = "katarinagresova/Genomic_Benchmarks_{task}"
"""Its author's repositories on the Hugging Face hub."""

SOURCES = ("archive", "hub")
SPLITS = ("train", "test", "fit", "valid")
VALID_SHARE = 0.1
"""Of train, where valid is asked for: the collection has none of its own."""


def genomic_benchmarks(
    task: str = "", split: str = "test", root: str = "", source: str = "archive", sha256: str = ""
) -> Dataset:
    """One of the collection's data sets, as ``genomic-benchmarks:TASK:SPLIT``.

    Read from the first of: `root`; ``genomic-benchmarks/`` in the folder ``GXARENA_DATA`` (by
    default the user's cache); the package's own ``~/.genomic_benchmarks``; the network, whose
    file is kept in the second.

    Parameters
    ----------
    task : str
        The collection's name of it, e.g. ``human_nontata_promoters``.
    split : "train", "test", "fit" or "valid"
        Train and test are the published ones; valid is a tenth of train, chosen by the sequence
        alone (both strands alike), and fit the rest of train.
    root : str
        A local copy: a folder ``train/CLASS/ID.txt``, ``test/CLASS/ID.txt``, its archive, tables
        train and test, or a folder that holds any of these under the task's name.
    source : "archive" or "hub"
        What to download. The hub's tables have row numbers for ids, so that their digest is
        another; they are kept apart, and no other copy but `root` is read instead.
    sha256 : str
        The digest that the archive must have.

    Returns
    -------
    Dataset
        Labels are places among the sorted names of the classes (negative 0, positive 1).
    """
    _check(task, split, source)
    offline = (
        f"Without network, run it with {HOME}=FOLDER, where FOLDER/{NAME}/ holds {task}_v0.zip or "
        f"that archive unpacked."
    )
    published = "test" if split == "test" else "train"
    if source == "hub" and not root:
        samples = _from_hub(task, published, offline)
    else:
        copy = _local(task, root) or _downloaded(task, sha256, offline)
        samples = _from_copy(copy, published, task, sha256)
    if split in ("fit", "valid"):
        samples = tuple(s for s in samples if _held_out(s) == (split == "valid"))
    return Dataset(f"{NAME}:{task}:{split}", samples, TASKS.get(task, ""))


def _check(task: str, split: str, source: str) -> None:
    if not task:
        raise InputError(f"{NAME}, task: expected one. {suggest(task, TASKS)}")
    for what, given, choices in (("split", split, SPLITS), ("source", source, SOURCES)):
        if given not in choices:
            raise unknown(f"{NAME}, {what}", given, choices)


def _local(task: str, root: str) -> Path | None:
    """A copy on this machine; an error where one is named and is none."""
    if root:
        copy = _copy_in(Path(root).expanduser(), task)
        if copy is None:
            raise InputError(
                f"{NAME}, root: expected {task}, {task}_v0.zip, or train/CLASS/ID.txt and "
                f"test/CLASS/ID.txt in {root}, got none of these."
            )
        return copy
    package = Path.home() / ".genomic_benchmarks"
    return _copy_in(data_home() / NAME, task) or _copy_in(package, task)


def _copy_in(folder: Path, task: str) -> Path | None:
    places = (folder / task, folder / f"{task}_v0.zip", folder / f"{task}.zip", folder)
    return next((place for place in places if is_copy(place) or tables_in(place)), None)


def _downloaded(task: str, sha256: str, offline: str) -> Path:
    path = data_home() / NAME / f"{task}_v0.zip"
    return fetched(ARCHIVES.format(task=_known(task)), path, sha256=sha256, offline=offline)


def _from_hub(task: str, split: str, offline: str) -> tuple[Sample, ...]:
    folder = data_home() / f"{NAME}-hub" / _known(task)
    tables = tables_on_hub(REPOSITORIES.format(task=task), "", folder, offline=offline)
    return read_tables(tables, split, f"{NAME}:{task}", offline=offline)


def _from_copy(copy: Path, split: str, task: str, sha256: str) -> tuple[Sample, ...]:
    if copy.is_file():
        check(copy, sha256)
    elif sha256:
        raise InputError(f"{NAME}, sha256: expected an archive to check, got the folder {copy}.")
    if is_copy(copy):
        return read_class_folders(copy, split)
    return read_tables(tables_in(copy), split, f"{NAME}:{task}")


def _known(task: str) -> str:
    if task not in TASKS:
        raise unknown(f"{NAME}, task", task, TASKS)
    return task


def _held_out(sample: Sample) -> bool:
    """Whether a sample of train belongs to valid; it and its reverse complement always agree."""
    strands = (sample.sequence, reverse_complement(sample.sequence))
    digest = hashlib.blake2b(min(strands).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < VALID_SHARE * 2**64
