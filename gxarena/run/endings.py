"""How an order ended: what came back, what its child changed, what rows say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

from gxarena.errors import GxarenaError, PluginError
from gxarena.results.bundle import are_quantities
from gxarena.run.cell_rows import Row
from gxarena.run.failures import failure
from gxarena.run.frames import Frame, split
from gxarena.run.supervisor import CHILD, DIED, SUPERVISOR
from gxarena.run.tasks import Shard

BLAMED = ("crashed", "oom", "timeout")
"""How a child ends by nothing but what it runs, whose message then begins with its name."""

TOLD = ("ok", "error", "unsupported", "oom", "crashed")
"""How a child may say that it ended; of all else its supervisor tells."""
_TEXTS = ("error_type", "error_message", "error_traceback", "changed")

KEPT_OF_OK = 1000
"""Characters of what is printed for a cell that is ok: of those there are thousands."""


def result(future: Future[bytes]) -> tuple[list[Frame], dict[str, Any]]:
    """What a child sent, and how it ended; also where its worker ended with it."""
    try:
        *frames, last = split(future.result())
        return frames, _as_told(last.header)
    # Whatever an engine raises, its own kinds of errors included.
    except (Exception, CancelledError) as error:
        return [], failure(error) | {"status": "crashed", "error_type": DIED, "told_by": SUPERVISOR}


def _as_told(end: Mapping[str, Any]) -> dict[str, Any]:
    """How an order ended; as a crash where a child says that otherwise than children do.

    It shares its process with a plugin, which may write what it likes to whom the child reports.
    """
    if end.get("told_by") != CHILD or _is_end(end):
        return dict(end)
    message = "expected its child to say how it ended, got something else"
    told = {"told_by": SUPERVISOR, "error_type": PluginError.__name__, "error_message": message}
    return {"status": "crashed", **told, "output": end.get("output")}


def _is_end(end: Mapping[str, Any]) -> bool:
    """Whether a child's last message is of the kinds of values that `gxarena.run.child` sends."""
    texts = [end[name] for name in _TEXTS if end.get(name) is not None]
    try:
        "".join(texts).encode()
        canaries = [(*one,) for one in end.get("canaries", ())]
        known = all(_is_made(dict(one)) for one in end.get("made", ()))
    except (TypeError, ValueError, RecursionError):
        return False
    asked = all(len(one) > 2 and all(isinstance(it, str) for it in one) for one in canaries)
    return asked and known and end.get("status") in TOLD


def _is_made(made: Mapping[str, Any]) -> bool:
    """Whether rows can say of a component what `gxarena.run.cell_rows.made_of` says of it."""
    texts = [one for one in made.values() if not isinstance(one, bool | None)]
    "".join(texts).encode()
    documents = [json.loads(made.get(name, "{}")) for name in ("parameters", "quantities")]
    explained = made.get("error_type") is None or isinstance(made.get("error_message"), str)
    are_documents = all(isinstance(one, dict) for one in documents)
    return explained and are_documents and are_quantities(documents[1])


def what_changed(end: Mapping[str, Any]) -> str:
    """What is other than before, as a sentence; empty where a child left all as it was."""
    differs = {
        model: after for model, before, *after in end.get("canaries", ()) if before != after[0]
    }
    changed = str(end.get("changed") or "")
    if differs and not changed:
        model, answers = next(iter(differs.items()))
        changed = f"model '{model}' to predict the same bits as before, got others"
        if len(set(answers)) > 1:
            changed += " each time it is asked, whoever explains it"
    if not changed:
        return ""
    return f"once it has worked, expected {changed}, so that nothing of it was kept."


def refused(shard: Shard, error: GxarenaError, end: Mapping[str, Any]) -> dict[str, Any]:
    """How a shard ended whose results cannot be taken."""
    if isinstance(error, PluginError):
        blamed = PluginError(f"{shard.blamed.where}: {error}")
        blamed.__cause__ = error
        error = blamed
    return failure(error) | {"output": end.get("output")}


def untold_row(where: str) -> Row:
    """What a row says of a cell whose values nobody could tell what they are of."""
    return {
        "status": "crashed",
        "error_type": DIED,
        "error_message": f"{where}: expected its child to tell its parameters before any work, "
        "got none. Run the same command again.",
    }


def printed(*outputs: str | None) -> Row:
    """What a row of an ok cell says of what was printed while it was explained and scored."""
    text = "".join(filter(None, outputs))[-KEPT_OF_OK:]
    return {"error_traceback": f"It printed:\n{text}"} if text.strip() else {}


def said(shard: Shard, end: Mapping[str, Any]) -> Row:
    """What a row says of a failure: whose it is, and what was printed."""
    names = ("status", "error_type", "error_message", "error_traceback")
    row = {name: end.get(name) for name in names}
    if row["status"] in BLAMED:
        message = str(row["error_message"]).rstrip(".")
        row["error_message"] = f"{shard.blamed.where}: {message}."
    if printed := end.get("output"):
        row["error_traceback"] = f"{row['error_traceback'] or ''}\nIt printed:\n{printed}"
    return row
