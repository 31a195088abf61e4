"""Data sets published as one table a split: in a folder, or in a repository of the hub."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, RootModel

from gxarena.data import Sample
from gxarena.datasets.download import fetched
from gxarena.datasets.reading import read_dataset
from gxarena.errors import InputError, MissingExtra, check_choice, reason
from gxarena.files import write_text
from gxarena.validation import read_json, validated

MANIFEST = "files.json"
"""What a repository of the hub holds at the revision that was first seen: addresses, digests."""

_SPLITS = {"train": "train", "valid": "valid", "validation": "valid", "dev": "valid"}
_SPLITS["test"] = "test"
_TABLE = re.compile(r"([a-z]+)(?:[-_.].*)?\.(?:csv|tsv|parquet)(?:\.gz)?")


class HubFile(BaseModel):
    """Where a file of the hub is, and the digests that the hub has of it; empty where it has none.

    `git_sha1` is git's, of files that are not in large-file storage.
    """

    url: str
    sha256: str = ""
    git_sha1: str = ""


class Manifest(RootModel[dict[str, HubFile]]):
    """Files by name."""


Tables = Mapping[str, tuple[Path, ...]]
"""Files by split: "train", "valid" (also where it is called dev or validation), "test"."""


def tables_in(folder: Path) -> Tables:
    """The tables of a folder by split, e.g. dev.csv or train-00000-of-00002.parquet."""
    if not folder.is_dir():
        return {}
    return _by_split(sorted(path for path in folder.iterdir() if path.is_file()))


def tables_on_hub(repository: str, inside: str, folder: Path, *, offline: str = "") -> Tables:
    """The tables of a repository of data on the Hugging Face hub, by split; nothing is fetched yet.

    The repository is asked once; what it answers is kept in `folder`, so that later calls need no
    network and see the same revision.

    Parameters
    ----------
    repository : str
        ``owner/name``.
    inside : str
        The repository's folder that holds them; "" for any.
    folder : Path
        Where the tables are kept.
    offline : str
        A sentence that says what works without network.

    Returns
    -------
    Paths in `folder`, to be handed to `read_tables`.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        files = _listed(repository, inside, offline)
        if not _by_split([Path(name) for name in files]):
            raise InputError(
                f"{repository}: expected tables train, test (.csv, .tsv, .parquet) in folder "
                f"'{inside}' of the hub's repository, got none. {offline}".rstrip()
            )
        write_text(manifest, Manifest(files).model_dump_json(indent=1) + "\n")
    return _by_split([folder / name for name in _manifest(folder)])


def read_tables(tables: Tables, split: str, where: str, *, offline: str = "") -> tuple[Sample, ...]:
    """The samples of a split; tables that are still on the hub are fetched first.

    Rows of several shards are numbered through, which makes their ids.
    """
    check_choice(f"{where}, split", split, tables)
    samples: list[Sample] = []
    for path in tables[split]:
        file = _manifest(path.parent).get(path.name)
        if file:
            fetched(file.url, path, sha256=file.sha256, git_sha1=file.git_sha1, offline=offline)
        samples += read_dataset(path).samples
    if len(tables[split]) > 1:
        samples = [replace(sample, id=f"{row:07d}") for row, sample in enumerate(samples)]
    return tuple(samples)


def _by_split(paths: list[Path]) -> dict[str, tuple[Path, ...]]:
    found: dict[str, tuple[Path, ...]] = {}
    for path in paths:
        table = _TABLE.fullmatch(path.name.lower())
        if table and (split := _SPLITS.get(table[1])):
            found[split] = (*found.get(split, ()), path)
    return found


def _manifest(folder: Path) -> dict[str, HubFile]:
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    held = read_json(path, "Delete it to ask the hub anew.")
    return validated(Manifest, held, f"{path} (delete it to ask the hub anew)").root


def _listed(repository: str, inside: str, offline: str) -> dict[str, HubFile]:
    """Address and digest of every file, at one revision."""
    try:
        from huggingface_hub import HfApi, hf_hub_url
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"{repository}: expected huggingface_hub to be installed, to ask the Hugging Face hub. "
            "pip install 'gxarena[hf]'"
        ) from error
    try:
        info: Any = HfApi().dataset_info(repository, files_metadata=True)
    except _unanswered() as error:
        raise InputError(
            f"{repository}: expected the Hugging Face hub to list it, got: {reason(error)}. "
            f"{offline}".rstrip()
        ) from error
    files = {}
    for file in sorted(info.siblings or [], key=lambda file: file.rfilename):
        place = PurePosixPath(file.rfilename)
        if inside and str(place.parent) != inside:
            continue
        url = hf_hub_url(repository, file.rfilename, repo_type="dataset", revision=info.sha)
        # Of a file in large-file storage git's digest is that of a pointer.
        digests = {"sha256": file.lfs.sha256} if file.lfs else {"git_sha1": file.blob_id or ""}
        files[place.name] = HubFile(url=url, **digests)
    return files


def _unanswered() -> tuple[type[Exception], ...]:
    """What asking the hub raises: since huggingface_hub 1 also httpx's, which are no OSError."""
    with contextlib.suppress(ModuleNotFoundError):
        return OSError, ValueError, importlib.import_module("httpx").HTTPError
    return OSError, ValueError
