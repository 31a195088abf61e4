"""Checkpoints by name: folders, or models on the Hugging Face hub, downloaded whole and checked.

Imports no torch, and huggingface_hub only where a hub is asked.
"""

from __future__ import annotations

import contextlib
import importlib
import re
from pathlib import Path

from gxarena.errors import InputError
from gxarena.files import file_digest, git_digest
from gxarena.identity import HUB_ID
from gxarena_torch.checkpoint_files import TOKENIZER_FILE, VOCABULARY_FILE, shards, weights_file

_SHA256 = re.compile(r"[0-9a-f]{64}")
"""Of a large file's content."""
_SHA1 = re.compile(r"[0-9a-f]{40}")
"""Git's, of any other file."""
_WANTED = ["*.json", "*.safetensors", "pytorch_model*.bin", "vocab.txt"]
"""No code, and no weights of other frameworks."""

_COMPLETE = ".gxarena-whole"
"""Marks a folder of the hub's cache whose files all arrived and were checked."""


def is_hub_id(checkpoint: str | Path) -> bool:
    """Whether it reads ``owner/name``; anything else can only be meant as a folder."""
    found = HUB_ID.fullmatch(str(checkpoint))
    return found is not None and found["owner"] is not None


def no_such_folder(checkpoint: str | Path) -> InputError:
    """The error of a name that is neither a folder nor could be a hub id."""
    return InputError(
        f"checkpoint '{checkpoint}': expected a checkpoint folder or a hub id owner/name, "
        "found no such folder."
    )


def folder_of(checkpoint: str | Path) -> Path:
    """A local folder as it is; anything else is a hub id and is downloaded (or found cached).

    Raises
    ------
    InputError
        No such folder or model, no network, an interruption, or a file of another digest than
        the hub has of it, which is then not kept.
    """
    path = Path(checkpoint)
    if path.is_dir():
        return path
    if not is_hub_id(checkpoint):
        raise no_such_folder(checkpoint)
    from huggingface_hub.errors import HFValidationError

    try:
        return _cached(str(checkpoint)) or _downloaded(str(checkpoint))
    except _interruptions() as error:
        raise InputError(
            f"checkpoint '{checkpoint}': expected a whole download, got an interruption. Run the "
            "same command again; without network, pass checkpoint=FOLDER."
        ) from error
    except (OSError, ValueError, HFValidationError) as error:
        raise InputError(
            f"checkpoint '{checkpoint}': expected a folder here or a model on the hub, got "
            f"neither ({type(error).__name__}). Without network, pass checkpoint=FOLDER."
        ) from error


def _interruptions() -> tuple[type[Exception], ...]:
    """What a download that is cut off raises: httpx's since huggingface_hub 1, else requests'."""
    known = (("httpx", "TransportError"), ("requests.exceptions", "ChunkedEncodingError"))
    found = []
    for module, name in known:
        with contextlib.suppress(ModuleNotFoundError):
            found.append(getattr(importlib.import_module(module), name))
    return tuple(found)


def _cached(hub_id: str) -> Path | None:
    """The hub's files as an earlier download left them, where it was not cut off."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(hub_id, allow_patterns=_WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / _COMPLETE).is_file() else None


def _kind(digest: str) -> str:
    return "SHA-256" if _SHA256.fullmatch(digest) else "git's SHA-1"


def _digest_as_named(blob: Path) -> str:
    """A file's digest, of the kind that its name in the cache is; empty where that is none."""
    if _SHA256.fullmatch(blob.name):
        return file_digest(blob)
    return git_digest(blob) if _SHA1.fullmatch(blob.name) else ""


def _downloaded(hub_id: str) -> Path:
    """The hub's files, checked; those that arrived before are not asked for again."""
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(hub_id, allow_patterns=_WANTED))
    for file in sorted(folder.rglob("*")):
        # The cache names a file by the digest that the hub has of it, but never checks it.
        blob = file.resolve()
        if (found := _digest_as_named(blob)) not in ("", blob.name):
            blob.unlink()
            raise InputError(
                f"checkpoint '{hub_id}', {file.name}: expected a file of {_kind(blob.name)} "
                f"{blob.name}, got one of {found}, which was not kept. Run the same command again, "
                "or pass checkpoint=FOLDER."
            )
    # Without network, what comes back may be an earlier download's part.
    has_tokenizer = any((folder / name).is_file() for name in (TOKENIZER_FILE, VOCABULARY_FILE))
    if (weights := weights_file(folder)) and has_tokenizer:
        shards(weights)
        # A cache that cannot be written is checked every time.
        with contextlib.suppress(OSError):
            (folder / _COMPLETE).touch()
    return folder
