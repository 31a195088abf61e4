"""What a component *is*, as a digest: nothing stale is ever taken for fresh.

The key of every stage holds the identity of the components that work in it: the digest of their
sources and of the versions of what these import (`gxarena.sources.dependencies`), their parameters,
and of the files that a model says it loads. A parameter that is a path, in whatever spelling,
counts by the content that lies there, also where it is the factory's own default; one that names a
repository of the Hugging Face hub, with an owner or without, by the commits that its names
(``main``, …) stand for in this computer's cache.

Files change. An identity is taken when a run is planned, and again once the component has worked
(`gxarena.run.choices.check_unchanged`): unless the two are equal, what it made is discarded.
"""

from __future__ import annotations

import hashlib
import json
import operator
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gxarena.errors import InputError, PluginError
from gxarena.files import RUN_FILE, current_digest, exists, files_below
from gxarena.hookspecs import Component, Facts
from gxarena.sources.defaults import text_defaults
from gxarena.sources.dependencies import Counted, Sources
from gxarena.sources.in_memory import check_current

HUB_ID = re.compile(r"(?P<owner>\w[\w.-]*/)?\w[\w.-]*")
"""How the hub's repositories are called; of some, from its first years, there is no owner."""
WEIGHTS_INDEX = ".index.json"
"""How the name of a file ends that lists the files of a checkpoint's weights."""


def digest(document: object) -> str:
    """A short digest of anything JSON can hold, independent of key order."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def component_digest(
    component: Component,
    parameters: Mapping[str, Any],
    facts: Facts | None = None,
    *,
    distribution: str = "",
    version: str = "",
    sources: Sources | None = None,
) -> str:
    """A component's identity with these parameters, as its files lie on disk now.

    Parameters
    ----------
    component : Component
    parameters : mapping
        As the suite gives them; the component's presets count too.
    facts : Facts, optional
        What a model says of itself with these parameters.
    distribution, version : str
        Where the component comes from.
    sources : Sources, optional
        Where several identities are taken at a time: each package is then listed once.

    Raises
    ------
    InputError
        A file cannot be read, or was changed since this process imported it.
    """
    module = component.target.partition(":")[0]
    code: object
    counted = Counted()
    try:
        sources = sources or Sources()
        counted = sources.of(module, distribution)
        contents = _contents(counted, sources)
        _check_current(counted, contents)
        code = [contents, counted.versions]
    except PluginError:
        # A plugin without readable source still gets its (failed) rows, under its version.
        code = [distribution, version]
    given = dict(_unsaid(component, counted)) | dict(component.defaults) | dict(parameters)
    loaded = [path_digest(file) for file in _loaded(facts.files if facts else ())]
    return digest([component.name, component.target, code, _by_content(given), loaded])


def _check_current(counted: Counted, contents: Mapping[str, str]) -> None:
    """Ask of each file, unless nothing was imported or written to since that was last asked.

    A run asks after each thing that it keeps, of hundreds of files.
    """
    loaded = [sys.modules.get(module) for module in counted.modules.values()]
    if contents == counted.checked and all(map(operator.is_, loaded, counted.loaded)):
        return
    for name, path in counted.files.items():
        check_current(path, counted.modules[name], contents[name])
    counted.loaded, counted.checked = loaded, dict(contents)


def _contents(counted: Counted, sources: Sources) -> Mapping[str, str]:
    """Digests of the counted files, taken once as long as none of them is written to."""
    for name, path in counted.files.items():
        # What an index names may lie anywhere, and change without it.
        if name not in counted.contents or name.endswith(WEIGHTS_INDEX):
            if path not in sources.digests:
                sources.digests[path] = path_digest(path)
            counted.contents[name] = sources.digests[path]
    return counted.contents


def _unsaid(component: Component, counted: Counted) -> Mapping[str, str]:
    """What the factory takes for parameters that nobody gives, as its source has it."""
    module, _, factory = component.target.partition(":")
    for name, path in counted.files.items():
        if counted.modules[name] == module and path.suffix == ".py":
            return text_defaults(path.read_bytes(), factory)
    return {}


def path_digest(path: Path) -> str:
    """Digest of a file, or of a folder's files by name and content; empty where there is none.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    if path.is_dir():
        return digest(
            {str(file.relative_to(path)): path_digest(file) for file in files_below(path)}
        )
    try:
        whole = current_digest(path)
        if path.name.endswith(WEIGHTS_INDEX):
            shards = [path.parent / name for name in _shards(path)]
            return digest([whole, *map(path_digest, shards)])
        return whole
    except FileNotFoundError:
        return digest("")
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got {error.strerror}.") from error


def _loaded(named: Iterable[str]) -> list[Path]:
    """The files that a model says it loads, and those that an index of weights among them names."""
    found: list[Path] = []
    for path in map(Path, named):
        found.append(path)
        if path.name.endswith(WEIGHTS_INDEX):
            found += [path.parent / shard for shard in _shards(path)]
    return found


def _shards(index: Path) -> list[str]:
    try:
        return sorted({str(name) for name in json.loads(index.read_bytes())["weight_map"].values()})
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return []  # loading it will say what is wrong


def _by_content(value: Any) -> Any:
    """A parameter with what lies at its paths, and what its hub ids stand for, in their place."""
    if isinstance(value, Mapping):
        return [[_by_content(key), _by_content(value[key])] for key in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [_by_content(inner) for inner in value]
    if isinstance(value, str | Path) and str(value):
        text = str(value)
        path = _from_home(text)
        # A word may be a file's name by chance: it must stay another parameter than others, and
        # what it is must not change with a run that is called so (`--out epsilon`).
        plain = Path(text).name == text and not Path(text).suffix
        if exists(path) and not (plain and exists(path / RUN_FILE)):
            return ["content", text if plain else "", path_digest(path)]
        if commits := _commits(text):
            return ["hub", text, commits]
    return value


def _from_home(text: str) -> Path:
    """A path with its ``~`` and ``$NAMES`` written out; of nobody's home it stays as it is."""
    try:
        return Path(os.path.expandvars(text)).expanduser()
    except RuntimeError:
        return Path(text)


def _commits(text: str) -> dict[str, str]:
    """Of a word that may be a hub id, the commits (see `hub_commits`); none of any other word."""
    return hub_commits(text) if HUB_ID.fullmatch(text) else {}


def awaits_download(value: Any) -> bool:
    """Whether a parameter names, as ``owner/name``, what may be on the hub and is not here yet."""
    if isinstance(value, Mapping):
        return any(map(awaits_download, value.values()))
    if isinstance(value, list | tuple):
        return any(map(awaits_download, value))
    if not isinstance(value, str) or exists(Path(value)):
        return False
    found = HUB_ID.fullmatch(value)
    return bool(found and found["owner"]) and not hub_commits(value)


def hub_commits(repository: str) -> dict[str, str]:
    """The commit that each name (``main``, a tag) of a model on the hub stands for in the cache.

    Empty where the cache does not have the model. The layout is huggingface_hub's, documented
    under "Understand caching"; that library is not needed.
    """
    refs = _hub_cache() / f"models--{repository.replace('/', '--')}" / "refs"
    if not exists(refs):
        return {}
    return {
        str(file.relative_to(refs)): file.read_text().strip()
        for file in sorted(refs.rglob("*"))
        if file.is_file()
    }


def _hub_cache() -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if given := os.environ.get(name):
            return Path(given).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "huggingface" / "hub"
