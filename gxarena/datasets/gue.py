"""GUE, the Genome Understanding Evaluation, by name (Zhou et al. 2023, arXiv:2306.15006)."""

from __future__ import annotations

from pathlib import Path

from gxarena.datasets.dataset import Dataset
from gxarena.datasets.split_tables import Tables, read_tables, tables_in, tables_on_hub
from gxarena.errors import InputError, unknown
from gxarena.files import HOME, data_home

NAME = "gue"

REPOSITORY = "leannmlindsey/GUE"
"""A copy of GUE on the Hugging Face hub; its authors' own is an archive to be fetched by hand."""

_HISTONES = ("H3", "H3K14ac", "H3K36me3", "H3K4me1", "H3K4me2", "H3K4me3", "H3K79me3", "H3K9ac")
_PROMOTERS = [
    f"prom_{size}_{kind}" for size in ("core", "300") for kind in ("all", "notata", "tata")
]

TASKS = {
    **{f"EMP/{mark}": f"emp_{mark}" for mark in (*_HISTONES, "H4", "H4ac")},
    **{f"mouse/{number}": f"mouse_{number}" for number in range(5)},
    **{f"prom/{name}": name for name in _PROMOTERS},
    "splice/reconstructed": "splice_reconstructed",
    **{f"tf/{number}": f"human_tf_{number}" for number in range(5)},
    "virus/covid": "virus_covid",
}
"""The names of GUE's own folders, and of the hub's."""

KINDS = {
    "EMP": "histone marks",
    "mouse": "binding sites",
    "prom": "promoters",
    "splice": "splice sites",
    "tf": "binding sites",
    "virus": "virus genomes",
}
"""What kind of sequences the tasks of a folder are of."""

SPLITS = ("train", "valid", "dev", "test")


def gue(task: str = "", split: str = "test", root: str = "") -> Dataset:
    """One of GUE's tasks, as ``gue:TASK:SPLIT``.

    Read from the first of: `root`; ``gue/`` in the folder ``GXARENA_DATA`` (by default the user's
    cache); the Hugging Face hub, whose tables are kept there.

    Parameters
    ----------
    task : str
        By GUE's own folders, e.g. ``prom/prom_300_notata``, or by the hub's, ``prom_300_notata``.
    split : "train", "valid" or "test"
        The published ones; ``dev`` is valid.
    root : str
        A local copy: GUE's folder, or a task's with train.csv, dev.csv and test.csv.

    Returns
    -------
    Dataset
        Labels are the published numbers, ids the rows'.
    """
    official = _official(task)
    if split not in SPLITS:
        raise unknown(f"{NAME}, split", split, SPLITS)
    split = "valid" if split == "dev" else split
    offline = (
        f"Without network, run it with {HOME}=FOLDER, where FOLDER/{NAME}/{official}/ holds "
        "train.csv, dev.csv and test.csv."
    )
    tables = _local(official, root) or _on_hub(official, offline)
    samples = read_tables(tables, split, f"{NAME}:{official}", offline=offline)
    kind = KINDS[official.partition("/")[0]]
    return Dataset(f"{NAME}:{official}:{split}", samples, kind)


def _official(task: str) -> str:
    by_hub = {hub: official for official, hub in TASKS.items()}
    official = by_hub.get(task, task)
    if official not in TASKS:
        raise unknown(f"{NAME}, task", task, TASKS)
    return official


def _local(official: str, root: str) -> Tables:
    """Tables on this machine; an error where a folder is named that has none."""
    if not root:
        return _tables_below(data_home() / NAME, official)
    folder = Path(root).expanduser()
    tables = _tables_below(folder, official) or tables_in(folder)
    if not tables:
        raise InputError(
            f"{NAME}, root: expected {official}/train.csv, dev.csv and test.csv in {root}, "
            "got none of these."
        )
    return tables


def _tables_below(folder: Path, official: str) -> Tables:
    names = (official, TASKS[official])
    places = [folder / inner / name for inner in ("", "GUE") for name in names]
    return next((tables for place in places if (tables := tables_in(place))), {})


def _on_hub(official: str, offline: str) -> Tables:
    name = TASKS[official]
    folder = data_home() / f"{NAME}-hub" / name
    return tables_on_hub(REPOSITORY, f"GUE/{name}", folder, offline=offline)
