"""Genomic Benchmarks by name: copies, archives and tables, made here in the published layouts."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from copies import archived, table, texts, unpacked
from huggingface_hub import constants
from hypothesis import given
from hypothesis import strategies as st
from servers import Server, hub_lies_at, serving

from gxarena.data import Sample
from gxarena.datasets import download, genomic_benchmarks
from gxarena.datasets.genomic_benchmarks import TASKS, _held_out
from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError

PUBLISHED = genomic_benchmarks.ARCHIVES
TEXTS = texts()
TASK = "human_nontata_promoters"
REFERENCE = f"genomic-benchmarks:{TASK}"
TABLES = ("train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "test-x.parquet")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no copy of the package's, and no network."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(download.HOME, str(tmp_path / "data"))
    monkeypatch.setattr(genomic_benchmarks, "ARCHIVES", "http://127.0.0.1:9/{task}_v0.zip")
    monkeypatch.setattr(download, "PAUSE", 0.0)
    return tmp_path / "data"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """The archive's server and the hub, as both are laid out."""
    with serving() as running:
        monkeypatch.setattr(genomic_benchmarks, "ARCHIVES", running.url + "/files/{task}_v0.zip")
        archive = archived(tmp_path / "served.zip", TEXTS, TASK).read_bytes()
        running.files[f"/files/{TASK}_v0.zip"] = archive
        _serve_hub(running, monkeypatch)
        yield running


def _serve_hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_lies_at(server.url, monkeypatch)
    repository = f"katarinagresova/Genomic_Benchmarks_{TASK}"
    siblings: list[dict[str, object]] = [{"rfilename": "README.md", "size": 1, "blobId": "0"}]
    for name, content in _parquet().items():
        lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        siblings.append({"rfilename": f"data/{name}", "lfs": lfs | {"pointerSize": 1}})
        server.files[f"/datasets/{repository}/resolve/abc/data/{name}"] = content
    listing = {"id": repository, "sha": "abc", "siblings": siblings}
    server.files[f"/api/datasets/{repository}"] = json.dumps(listing).encode()


def _parquet() -> dict[str, bytes]:
    rows = {"train": [[], []], "test": [[]]}  # type: dict[str, list[list[tuple[str, int]]]]
    for number, (place, text) in enumerate(TEXTS.items()):
        shards = rows[place.partition("/")[0]]
        shards[number * len(shards) // 60 % len(shards)].append((text, int("positive" in place)))
    written = {}
    for name, shard in zip(TABLES, [*rows["train"], *rows["test"]], strict=True):
        stream = io.BytesIO()
        sequences, labels = zip(*shard, strict=True)
        pq.write_table(pa.table({"seq": sequences, "label": labels}), stream)
        written[name] = stream.getvalue()
    return written


def _expected(split: str) -> set[tuple[str, int]]:
    return {(t, int("positive" in p)) for p, t in TEXTS.items() if p.startswith(split)}


def _pairs(samples: tuple[Sample, ...]) -> set[tuple[str, int | None]]:
    return {(sample.sequence, sample.label) for sample in samples}


def test_by_reference_test_is_the_split_unless_named(server: Server) -> None:
    for reference, split in (
        (REFERENCE, "test"),
        (f"{REFERENCE}:test", "test"),
        (f"{REFERENCE}:train", "train"),
    ):
        dataset = open_dataset(reference)
        assert dataset.name == f"genomic-benchmarks:{TASK}:{split}"
        assert dataset.kind == "promoters"
        assert _pairs(dataset.samples) == _expected(split)
    assert open_dataset("genomic-benchmarks", task=TASK).digest == open_dataset(REFERENCE).digest
    assert server.asked == [""], "downloaded once, read from the cache since"


def test_fit_and_valid_part_train(server: Server) -> None:
    train, fit, valid = (
        open_dataset(f"{REFERENCE}:{split}").samples for split in ("train", "fit", "valid")
    )
    assert sorted(fit + valid, key=lambda s: s.id) == sorted(train, key=lambda s: s.id)
    assert 0 < len(valid) < len(fit)


@given(st.text("ACGT", min_size=1, max_size=40))
def test_both_strands_are_on_one_side(sequence: str) -> None:
    other = sequence[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert _held_out(Sample("a", sequence)) == _held_out(Sample("b", other))


def test_valid_is_a_tenth() -> None:
    drawn = texts(3000).values()
    held = sum(_held_out(Sample("", text)) for text in drawn)
    # Four standard deviations of a binomial.
    assert abs(held - 0.1 * len(drawn)) < 4 * (len(drawn) * 0.09) ** 0.5


@pytest.mark.parametrize("layout", ["folder", "archive", "the folder itself", "tables"])
def test_a_local_copy_is_read_without_network(tmp_path: Path, layout: str) -> None:
    root = tmp_path / "copies"
    if layout == "archive":
        archived(root / f"{TASK}_v0.zip", TEXTS, TASK)
    elif layout == "tables":
        (root / TASK).mkdir(parents=True)
        for split in ("train", "test"):
            (root / TASK / f"{split}.csv").write_text(table(TEXTS, split, "seq,label"))
    else:
        unpacked(root / (TASK if layout == "folder" else ""), TEXTS)
    for split in ("train", "test"):
        dataset = open_dataset(REFERENCE, root=str(root), split=split)
        assert _pairs(dataset.samples) == _expected(split)


def test_a_copy_may_hold_another_task(tmp_path: Path) -> None:
    unpacked(tmp_path / "copies" / "mine", TEXTS)
    found = open_dataset("genomic-benchmarks:mine", root=str(tmp_path / "copies"))
    assert len(found.samples) == 30


@pytest.mark.parametrize("place", ["data/genomic-benchmarks", "home/.genomic_benchmarks"])
def test_copies_of_ours_and_of_the_package_are_found(tmp_path: Path, place: str) -> None:
    unpacked(tmp_path / place / TASK, TEXTS)
    assert _pairs(open_dataset(REFERENCE).samples) == _expected("test")


def test_an_interrupted_archive_is_continued(server: Server, home: Path) -> None:
    server.most = 4000
    assert _pairs(open_dataset(REFERENCE).samples) == _expected("test")
    assert len(server.asked) > 1
    assert server.asked[1] == "bytes=4000-"
    cached = home / "genomic-benchmarks" / f"{TASK}_v0.zip"
    assert zipfile.ZipFile(cached).testzip() is None


def test_a_wrong_checksum_is_refused(server: Server, home: Path) -> None:
    with pytest.raises(InputError, match=f"expected a file of SHA-256 {'0' * 64}, got one of"):
        open_dataset(REFERENCE, sha256="0" * 64)
    assert not (home / "genomic-benchmarks" / f"{TASK}_v0.zip").exists()
    content = server.files[f"/files/{TASK}_v0.zip"]
    open_dataset(REFERENCE, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(InputError, match="expected SHA-256 0000"):
        open_dataset(REFERENCE, sha256="0" * 64)


def test_a_cached_archive_that_was_damaged_is_refused(server: Server, home: Path) -> None:
    open_dataset(REFERENCE)
    cached = home / "genomic-benchmarks" / f"{TASK}_v0.zip"
    cached.write_bytes(cached.read_bytes()[:-10])
    with pytest.raises(InputError, match="Delete it and run the same command again"):
        open_dataset(REFERENCE)


def test_no_network_says_what_works_without() -> None:
    with pytest.raises(InputError) as caught:
        open_dataset(REFERENCE)
    assert str(caught.value) == (
        f"http://127.0.0.1:9/{TASK}_v0.zip: expected a download, got: [Errno 111] Connection "
        f"refused. Without network, run it with GXARENA_DATA=FOLDER, where FOLDER/"
        f"genomic-benchmarks/ holds {TASK}_v0.zip or that archive unpacked."
    )


def test_the_hubs_tables(server: Server, home: Path) -> None:
    for split in ("train", "test"):
        samples = open_dataset(REFERENCE, source="hub", split=split).samples
        assert _pairs(samples) == _expected(split)
        assert [sample.id for sample in samples] == [f"{i:07d}" for i in range(len(samples))]
    kept = home / "genomic-benchmarks-hub" / TASK
    assert {p.name for p in kept.glob("*.parquet")} == set(TABLES)


def test_the_hubs_tables_once_kept_need_no_network(server: Server) -> None:
    first = open_dataset(REFERENCE, source="hub")
    server.files.clear()
    assert open_dataset(REFERENCE, source="hub").digest == first.digest
    with pytest.raises(InputError, match=r"HTTP status 404 .* Without network, run it with"):
        open_dataset(REFERENCE, source="hub", split="train")


def test_the_hubs_tables_are_checked(server: Server) -> None:
    name = next(name for name in server.files if "test-x" in name)
    server.files[name] = server.files[name][:-1] + b"x"
    with pytest.raises(InputError, match="expected a file of SHA-256"):
        open_dataset(REFERENCE, source="hub")


def test_a_hub_out_of_reach_says_what_works_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InputError) as caught:
        open_dataset(REFERENCE, source="hub")
    assert "expected the Hugging Face hub to list it, got: " in str(caught.value)
    assert str(caught.value).endswith(
        "holds human_nontata_promoters_v0.zip or that archive unpacked."
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "parameters", "message"),
    [
        ("genomic-benchmarks", {}, "genomic-benchmarks, task: expected one. Choices: demo_coding"),
        ("genomic-benchmarks:human_nontata", {}, "unknown 'human_nontata'. Did you mean 'human_n"),
        (f"{REFERENCE}:dev", {}, "genomic-benchmarks, split: unknown 'dev'. "),
        (REFERENCE, {"source": "web"}, "genomic-benchmarks, source: unknown 'web'. "),
        (REFERENCE, {"root": "/nowhere"}, "genomic-benchmarks, root: expected human_nontata_prom"),
        (REFERENCE, {"bogus": 1}, "dataset 'genomic-benchmarks': expected other parameters"),
    ],
)
def test_mistakes_are_one_sentence(
    reference: str, parameters: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        open_dataset(reference, **parameters)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_digest_is_of_an_archive(tmp_path: Path) -> None:
    unpacked(tmp_path / TASK, TEXTS)
    with pytest.raises(InputError, match="expected an archive to check, got the folder"):
        open_dataset(REFERENCE, root=str(tmp_path), sha256="0" * 64)


def test_the_tasks_and_addresses_are_the_packages() -> None:
    cloud = pytest.importorskip(
        "genomic_benchmarks.loc2seq.cloud_caching", reason="needs genomic-benchmarks"
    ).CLOUD_CACHE
    assert {name for name, _ in cloud} == set(TASKS)
    assert {version for _, version in cloud} == {0}
    (record,) = set(cloud.values())
    assert f"{record}/files/{{task}}_v0.zip?download=1" == PUBLISHED
