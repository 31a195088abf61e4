"""GUE by name: folders as its archive has them, and a hub on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import table, texts
from huggingface_hub import constants
from servers import Server, hub_lies_at, serving

from gxarena.datasets import download
from gxarena.datasets.gue import KINDS, TASKS
from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError

TEXTS = {
    **texts(),
    **{p.replace("test/", "dev/"): t[::-1] for p, t in texts().items() if "test/" in p},
}
TASK = "prom/prom_300_notata"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and no network."""
    monkeypatch.setenv(download.HOME, str(tmp_path / "data"))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(download, "PAUSE", 0.0)
    return tmp_path / "data"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A hub that holds every task, as tables without digests (not in large-file storage)."""
    with serving() as running:
        hub_lies_at(running.url, monkeypatch)
        names = [f"GUE/{hub}/{s}.csv" for hub in TASKS.values() for s in ("train", "dev", "test")]
        listing = {"id": "leannmlindsey/GUE", "sha": "abc"}
        siblings = [{"rfilename": name} for name in [*names, "README.md"]]
        running.files["/api/datasets/leannmlindsey/GUE"] = json.dumps(
            listing | {"siblings": siblings}
        ).encode()
        for name in names:
            content = table(TEXTS, Path(name).stem).encode()
            running.files[f"/datasets/leannmlindsey/GUE/resolve/abc/{name}"] = content
        yield running


def _lay_out(folder: Path) -> None:
    folder.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        (folder / f"{split}.csv").write_text(table(TEXTS, split))


def _expected(split: str) -> list[tuple[str, int]]:
    return [(t, int("positive" in p)) for p, t in TEXTS.items() if p.startswith(f"{split}/")]


SPLITS = [("", "test"), (":train", "train"), (":valid", "dev"), (":dev", "dev"), (":test", "test")]


@pytest.mark.parametrize("place", [TASK, f"GUE/{TASK}", "prom_300_notata", "GUE/prom_300_notata"])
@pytest.mark.parametrize("given", ["root", "cache"])
def test_a_local_copy_is_read_without_network(
    tmp_path: Path, home: Path, place: str, given: str
) -> None:
    folder = tmp_path / "copy" if given == "root" else home / "gue"
    parameters = {"root": str(folder)} if given == "root" else {}
    _lay_out(folder / place)
    for suffix, published in SPLITS:
        for task in (TASK, "prom_300_notata"):
            samples = open_dataset(f"gue:{task}{suffix}", **parameters).samples
            assert [(s.sequence, s.label) for s in samples] == _expected(published)


def test_a_tasks_own_folder_is_a_copy(tmp_path: Path) -> None:
    _lay_out(tmp_path / "any")
    samples = open_dataset("gue:tf/0", root=str(tmp_path / "any")).samples
    assert len(samples) == len(_expected("test"))


def test_the_hubs_copy_is_fetched_once_and_resumed(server: Server) -> None:
    server.most = 700
    for suffix, published in SPLITS:
        samples = open_dataset(f"gue:{TASK}{suffix}").samples
        assert [(s.sequence, s.label) for s in samples] == _expected(published)
    assert "bytes=700-" in server.asked
    server.files.clear()
    assert open_dataset("gue:prom_300_notata:valid").name == f"gue:{TASK}:valid"


def test_a_table_that_is_not_what_the_hub_lists_is_refused(server: Server) -> None:
    (listing,) = (path for path in server.files if path.startswith("/api"))
    document = json.loads(server.files[listing])
    for sibling in document["siblings"]:
        content = server.files.get(
            f"/datasets/leannmlindsey/GUE/resolve/abc/{sibling['rfilename']}"
        )
        sibling["blobId"] = _git_digest(content or b"")
    server.files[listing] = json.dumps(document).encode()
    assert open_dataset("gue:tf/0").samples
    table = "/datasets/leannmlindsey/GUE/resolve/abc/GUE/human_tf_0/train.csv"
    server.files[table] = server.files[table][:-60]
    with pytest.raises(InputError, match=r"human_tf_0/train\.csv: expected a file of git's SHA-1"):
        open_dataset("gue:tf/0:train")


def _git_digest(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 (git's)


@pytest.mark.parametrize("text", ["[]", '{"test.csv": 1}', '{"test.csv": {}}', "{", "[" * 100_000])
def test_a_damaged_listing_is_one_sentence(server: Server, home: Path, text: str) -> None:
    open_dataset("gue:tf/0")
    (manifest,) = home.rglob("files.json")
    manifest.write_text(text)
    with pytest.raises(InputError, match=r"files\.json.*elete it to ask the hub anew"):
        open_dataset("gue:tf/0")


def test_no_network_says_what_works_without() -> None:
    with pytest.raises(InputError) as caught:
        open_dataset("gue:tf/0")
    assert str(caught.value).startswith("leannmlindsey/GUE: expected the Hugging Face hub to list")
    assert str(caught.value).endswith(
        " Without network, run it with GXARENA_DATA=FOLDER, where FOLDER/gue/tf/0/ holds "
        "train.csv, dev.csv and test.csv."
    )


def test_a_table_the_hub_does_not_have_says_what_works_without(server: Server) -> None:
    server.files = {path: c for path, c in server.files.items() if path.startswith("/api")}
    with pytest.raises(InputError, match=r"HTTP status 404 .* Without network, run it with GXAR"):
        open_dataset("gue:tf/0")


def test_a_repository_without_the_task(server: Server) -> None:
    (listing,) = (path for path in server.files if path.startswith("/api"))
    server.files[listing] = server.files[listing].replace(b"human_tf_0", b"other")
    with pytest.raises(InputError, match="in folder 'GUE/human_tf_0' of the hub's repository"):
        open_dataset("gue:tf/0")


@pytest.mark.parametrize(
    ("reference", "parameters", "message"),
    [
        ("gue", {}, "gue, task: unknown ''. Choices: EMP/H3,"),
        ("gue:prom/prom_300_nottata", {}, "Did you mean 'prom/prom_300_notata'?"),
        ("gue:tf/0:all", {}, "gue, split: unknown 'all'. Did you mean 'valid'? Choices: dev"),
        ("gue:tf/0", {"root": "/nowhere"}, "gue, root: expected tf/0/train.csv, dev.csv and"),
    ],
)
def test_mistakes_are_one_sentence(
    reference: str, parameters: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        open_dataset(reference, **parameters)
    assert message in str(caught.value)


def test_a_copy_without_the_split(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(table(TEXTS, "train"))
    with pytest.raises(InputError, match=r"gue:tf/0, split: unknown 'test'. Choices: train\."):
        open_dataset("gue:tf/0", root=str(tmp_path))


def test_every_task_says_what_it_is_of() -> None:
    assert {task.partition("/")[0] for task in TASKS} == KINDS.keys()
