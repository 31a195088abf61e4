"""A component's identity follows all that can change its numbers, by content."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gxarena import files, identity
from gxarena.errors import InputError
from gxarena.hookspecs import Component, Facts

Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on Python's path: one module and one data file."""
    root = tmp_path / "site" / "idpack"
    root.mkdir(parents=True)
    (root / "__init__.py").write_text("scale = 1\n")
    (root / "table.csv").write_text("1,2\n")
    monkeypatch.syspath_prepend(str(root.parent))
    importlib.invalidate_caches()
    return root


def _digest(target: str = "idpack:E", facts: Facts | None = None, **parameters: object) -> str:
    return identity.component_digest(Component("x", target, ""), parameters, facts)


def _rewrite(path: Path, text: str) -> None:
    """Other content of the same length under the same time."""
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=times)


@pytest.mark.parametrize(("file", "text"), [("__init__.py", "scale = 3\n"), ("table.csv", "1,3\n")])
def test_code_and_data_files_count_by_content(package: Path, file: str, text: str) -> None:
    before = _digest()
    assert _digest() == before
    _rewrite(package / file, text)
    assert _digest() != before


def test_old_code_that_is_imported_later_is_refused_although_its_file_was_looked_at(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    old = importlib.import_module("idpack")
    del sys.modules["idpack"]
    (package / "__init__.py").write_text("scale = 100\n")
    # Files that were written just now are looked at anew each time.
    monkeypatch.setattr("gxarena.files._TICK", 0)
    before = _digest()
    assert _digest() == before
    sys.modules["idpack"] = old
    try:
        with pytest.raises(InputError, match="got one that was changed since"):
            _digest()
    finally:
        del sys.modules["idpack"]
    assert _digest() == before


def test_a_path_that_is_the_factorys_own_default_counts_by_content(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "__init__.py").write_text("class E:\n    def __init__(self, path='s.txt'): ...\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.txt").write_text("one")
    before = _digest()
    given = _digest(path="s.txt")
    _rewrite(tmp_path / "s.txt", "two")
    assert _digest() != before
    assert _digest(path="s.txt") != given
    (tmp_path / "other.txt").write_text("one")
    unmoved = _digest(path="other.txt")
    _rewrite(tmp_path / "s.txt", "six")
    assert _digest(path="other.txt") == unmoved


def test_paths_that_are_keys_or_name_a_variable_count_by_content(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORES", str(tmp_path))
    file = tmp_path / "s.txt"
    file.write_text("one")
    spelt: list[object] = [{str(file): 1}, "$SCORES/s.txt", [{"a": {"b": str(file)}}]]
    before = [_digest(path=one) for one in spelt]
    assert len(set(before)) == len(spelt)
    _rewrite(file, "two")
    after = [_digest(path=one) for one in spelt]
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert _digest(path={"a": 1, "b": 2}) == _digest(path={"b": 2, "a": 1})
    assert _digest(path={"a": 1, "b": 2}) != _digest(path={"a": 2, "b": 1})


def test_where_it_lies_does_not_count(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _digest()
    package.parent.rename(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    importlib.invalidate_caches()
    assert _digest() == before


def test_name_target_presets_and_parameters_count(package: Path) -> None:
    def of(name: str = "x", target: str = "idpack:E", k: int = 1, **given: object) -> str:
        component = Component(name, target, "", defaults={"k": k})
        return identity.component_digest(component, given)

    different = [of(), of(name="y"), of(target="idpack:F"), of(k=2), of(j=1), of(j="1")]
    assert len(set(different)) == len(different)
    # A preset and the same parameter given are one thing.
    assert of(k=2) == identity.component_digest(Component("x", "idpack:E", ""), {"k": 2})


def test_versions_of_what_it_imports_count(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _digest()
    monkeypatch.setattr("gxarena.sources.dependencies.version", lambda name: f"9.9 of {name}")
    assert _digest() != before


def test_without_source_the_version_stands_for_it() -> None:
    def of(version: str) -> str:
        component = Component("x", "no_such_package:E", "")
        return identity.component_digest(component, {}, distribution="d", version=version)

    assert of("1") == of("1") != of("2")


def test_a_path_counts_by_content_however_it_is_written(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scores = tmp_path / "s.npz"
    scores.write_text("one")
    spellings = ["s.npz", "./s.npz", str(scores), "site/../s.npz"]
    before = {_digest(path=path) for path in spellings}
    assert len(before) == 1
    _rewrite(scores, "two")
    after = {_digest(path=path) for path in spellings}
    assert len(after) == 1
    assert before != after
    scores.unlink()
    assert not {_digest(path=path) for path in spellings} & (before | after)


def test_paths_count_inside_lists_and_tables_and_as_folders(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    inner = tmp_path / "folder" / "deep" / "w.txt"
    inner.write_text("one")

    def all_ways() -> list[str]:
        return [
            _digest(path="folder"),
            _digest(paths=["folder/deep/w.txt"]),
            _digest(paths={"of": "./folder"}),
        ]

    before = all_ways()
    _rewrite(inner, "two")
    assert all(a != b for a, b in zip(before, all_ways(), strict=True))


def test_words_stay_apart_although_files_have_their_names(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sum").touch()
    (tmp_path / "mean").touch()
    assert _digest(pooling="sum") != _digest(pooling="mean")
    assert _digest(x="") != _digest(x=".")
    assert _digest(x="long " * 1000) != _digest(x="other " * 1000)


def test_a_word_is_what_it_was_once_a_run_is_called_so(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`gxarena run SUITE --out epsilon`: else all of `composite = "epsilon"` fails, always."""
    monkeypatch.chdir(tmp_path)
    before = _digest(composite="epsilon")
    (tmp_path / "epsilon").mkdir()
    (tmp_path / "epsilon" / "weights").write_text("1")
    assert _digest(composite="epsilon") != before
    (tmp_path / "epsilon" / files.RUN_FILE).write_text("{}")
    assert _digest(composite="epsilon") == before
    (tmp_path / "epsilon" / "weights").write_text("2")
    assert _digest(composite="epsilon") == before
    by_path = _digest(composite="./epsilon")
    (tmp_path / "epsilon" / "weights").write_text("3")
    assert _digest(composite="./epsilon") != by_path


def test_a_hub_id_counts_by_its_commit(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    none = _digest(checkpoint="owner/name")
    main = tmp_path / "hf" / "hub" / "models--owner--name" / "refs" / "main"
    main.parent.mkdir(parents=True)
    main.write_text("a" * 40)
    first = _digest(checkpoint="owner/name")
    assert _digest(checkpoint="owner/other") not in (none, first)
    _rewrite(main, "b" * 40)
    assert len({none, first, _digest(checkpoint="owner/name")}) == 3
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    monkeypatch.delenv("HF_HOME")
    assert identity.hub_commits("owner/name") == {"main": "b" * 40}
    assert identity.hub_commits("owner/other") == {}
    # One without an owner is a word like others until the cache has it.
    words = {_digest(checkpoint=word) for word in ("name", "sum")}
    main = tmp_path / "hf" / "hub" / "models--name" / "refs" / "main"
    main.parent.mkdir(parents=True)
    main.write_text("a" * 40)
    first = _digest(checkpoint="name")
    _rewrite(main, "b" * 40)
    assert len({*words, first, _digest(checkpoint="name")}) == 4


def test_only_what_may_be_on_the_hub_and_is_not_here_awaits_a_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "hub" / "models--owner--here" / "refs").mkdir(parents=True)
    (tmp_path / "hub" / "models--owner--here" / "refs" / "main").write_text("a" * 40)
    (tmp_path / "a" / "folder").mkdir(parents=True)
    waits = ["owner/away", {"of": ["owner/here", "owner/away"]}]
    assert all(map(identity.awaits_download, waits))
    here = ["owner/here", "a/folder", "word", "./no/where", "", 3, None, {"k": ["a/folder"]}]
    assert not any(map(identity.awaits_download, here))


def test_files_that_a_model_loads_count_and_the_shards_that_an_index_names(
    package: Path, tmp_path: Path
) -> None:
    shard = tmp_path / "sub" / "w.safetensors"
    shard.parent.mkdir()
    shard.write_text("one")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "sub/w.safetensors"}}))
    for named in (shard, index):
        facts = Facts(files=(str(named),))
        before = _digest(facts=facts)
        assert before != _digest()
        _rewrite(shard, "two")
        assert _digest(facts=facts) != before
        _rewrite(shard, "one")
    index.write_text("no index")
    assert _digest(facts=Facts(files=(str(index),)))


def test_an_old_file_is_read_once_and_a_rewritten_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w"
    path.write_text("one")
    read: list[Path] = []
    real = files.file_digest

    def count(path: Path) -> str:
        read.append(path)
        return real(path)

    monkeypatch.setattr(files, "file_digest", count)
    monkeypatch.setattr(files, "_TICK", -1)  # as if the last change were long ago
    first = identity.path_digest(path)
    assert identity.path_digest(path) == first
    assert len(read) == 1
    _rewrite(path, "two")
    assert identity.path_digest(path) != first
    # What was changed just now may be changed again under the same time.
    monkeypatch.setattr(files, "_TICK", 10**18)
    identity.path_digest(path)
    identity.path_digest(path)
    assert len(read) == 4


def test_folders_count_by_name_and_content(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / "w.txt").write_text("same")
    same = identity.path_digest(tmp_path / "a")
    assert same == identity.path_digest(tmp_path / "b")
    (tmp_path / "b" / "sub" / "w.txt").rename(tmp_path / "b" / "sub" / "v.txt")
    assert same != identity.path_digest(tmp_path / "b")
    (tmp_path / "a" / "sub" / ".DS_Store").touch()
    assert same == identity.path_digest(tmp_path / "a")
    assert identity.path_digest(tmp_path / "nowhere") == identity.digest("")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(InputError, match="circle: expected a readable file"):
        identity.path_digest(tmp_path / "circle")


def test_digest_ignores_the_order_of_keys() -> None:
    assert identity.digest({"a": 1, "b": 2}) == identity.digest({"b": 2, "a": 1})


def test_a_digest_is_the_same_everywhere_and_always() -> None:
    """Boards that were published long ago name it."""
    document = {"b": [1, "x"], "a": Path("w.txt")}
    assert identity.digest(document) == "7ad1c320f38ac3224085388fca751ca5"


@pytest.mark.parametrize("given", ["w", "w/model.safetensors.index.json"])
def test_shards_that_an_index_names_count_wherever_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w").mkdir()
    Path("sub").mkdir()
    index = {"weight_map": {"a": "../sub/w.safetensors"}}
    Path("w/model.safetensors.index.json").write_text(json.dumps(index))
    found = set()
    for content in ("1", "2", "1"):
        Path("sub/w.safetensors").write_text(content)
        found.add(identity.path_digest(Path(given)))
    assert len(found) == 2
