"""Reading data sets: what goes in comes out, and what is wrong is one sentence."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.opening import open_dataset
from gxarena.datasets.reading import checked_sequence, read_dataset
from gxarena.errors import InputError, PluginError
from gxarena.registry import Registry

RECORDS = st.lists(
    st.tuples(
        st.text("abcxyz019_.:-+", min_size=1, max_size=8),
        st.text("ACGTNacgtn", min_size=1, max_size=30),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda record: record[0],
)
Records = list[tuple[str, str, int]]


def _write(records: Records, path: Path) -> None:
    if path.suffix == ".parquet":
        names = ["name", "seq", "y"]
        columns = [list(column) for column in zip(*records, strict=True)]
        pq.write_table(pa.table(dict(zip(names, columns, strict=True))), path)
        return
    if ".fa" in path.name:
        text = "".join(f">{i} label={y} rest\n{s[:7]}\n{s[7:]}\n" for i, s, y in records)
    else:
        comma = "\t" if ".tsv" in path.name else ","
        lines = [
            ["ID", "extra", "Label", "Sequence"],
            *([i, "x", str(y), s] for i, s, y in records),
        ]
        text = "\n".join(comma.join(line) for line in lines) + "\n"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize(
    "name", ["d.csv", "d.csv.gz", "d.tsv", "d.tsv.gz", "d.fa", "d.fasta.gz", "d.parquet"]
)
@given(records=RECORDS)
def test_what_goes_in_comes_out(
    records: Records, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("data") / name
    _write(records, path)
    read = read_dataset(path).samples
    assert read == tuple(Sample(i, s.upper(), y) for i, s, y in records)


def test_columns_can_be_named_and_ids_and_labels_left_out(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("window,sequence,kind\nACGT,TTTT,1\n\nCCCC,GGGG,0\n")
    assert [s.id for s in read_dataset(path).samples] == ["0000000", "0000001"]
    assert [s.label for s in read_dataset(path).samples] == [None, None]
    named = read_dataset(path, sequence="window", label="kind").samples
    assert [(s.sequence, s.label) for s in named] == [("ACGT", 1), ("CCCC", 0)]


@pytest.mark.parametrize("sequence", ["sequence", "SEQ", " Dna "])
@pytest.mark.parametrize("label", ["label", "Class", "y", "target"])
@pytest.mark.parametrize("name", ["id", "Name", "sample_id"])
def test_columns_are_guessed(tmp_path: Path, sequence: str, label: str, name: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text(f"{label},extra,{name},{sequence}\n 2,x, a ,acgn \n")
    assert read_dataset(path).samples == (Sample("a", "ACGN", 2),)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark(tmp_path: Path, end: str, mark: str) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes((mark + end.join(["", "sequence,label", "ACGT,1", ""])).encode())
    assert read_dataset(path).samples == (Sample("0000000", "ACGT", 1),)
    path = tmp_path / "d.fa"
    path.write_bytes((mark + end.join([">a label=1", "AC", "GT", ">b", "TT", ""])).encode())
    assert read_dataset(path).samples == (Sample("a", "ACGT", 1), Sample("b", "TT"))


def test_a_sequence_longer_than_the_csv_modules_own_limit(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("sequence\n" + "ACGT" * 50_000 + "\n")
    (sample,) = read_dataset(tmp_path / "d.csv").samples
    assert sample.sequence == "ACGT" * 50_000


def test_empty_labels_and_ids_default(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("id,sequence,label\n,ACGT,\nb,CCCC,1.0\n")
    expected = (Sample("0000000", "ACGT"), Sample("b", "CCCC", 1))
    assert read_dataset(tmp_path / "d.csv").samples == expected
    table = pa.table({"id": [None, "b"], "sequence": ["ACGT", "cccc"], "label": [None, 1.0]})
    pq.write_table(table, tmp_path / "d.parquet")
    assert read_dataset(tmp_path / "d.parquet").samples == expected
    (tmp_path / "d.fa").write_text(">\nACGT\n>b xlabel=3 label=1\nCCCC\n")
    assert read_dataset(tmp_path / "d.fa").samples == expected


@pytest.mark.parametrize(
    "sequences",
    [pa.array(["ac", "gt"]).dictionary_encode(), pa.array([b"ac", b"gt"])],
    ids=["dictionary", "binary"],
)
def test_parquet_columns_of_other_types(tmp_path: Path, sequences: pa.Array) -> None:
    table = pa.table({"id": [7, 8], "sequence": sequences, "label": [True, False]})
    pq.write_table(table, tmp_path / "d.parquet")
    assert read_dataset(tmp_path / "d.parquet").samples == (
        Sample("7", "AC", 1),
        Sample("8", "GT", 0),
    )


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("d.csv", "", "expected sequences, got an empty file"),
        ("d.fa", "\n\n", "expected sequences, got an empty file"),
        ("d.csv", "sequence,label\n", "expected at least one sample, got none"),
        ("d.csv", "sequence,label\nACGT,1\nACGT\n", "line 3: expected 2 columns, got 1."),
        ("d.tsv", "sequence\tlabel\nACGT\t1\t0\n", "line 2: expected 2 columns, got 3."),
        ("d.csv", 'sequence\n"ACGT\nAC\n', "line 3: expected delimited text, got: unexpected end"),
        ("d.csv", '"sequence\nACGT\n', "line 2: expected delimited text, got: unexpected end"),
        (
            "d.csv",
            "dan,label\nACGT,1\n",
            "expected a column of sequences (sequence, seq, dna)",
        ),
        (
            "d.csv",
            "sequence\nACGT\nACXT\n",
            "line 3: expected letters ACGTN, got 'X' at position 3.",
        ),
        (
            "d.csv",
            'sequence\n"AC\nGT"\n',
            r"line 3: expected letters ACGTN, got '\n' at position 3.",
        ),
        ("d.csv", "sequence,label\n,1\n", "line 2: expected a sequence, got none."),
        ("d.csv", "sequence,label\nACGT,one\n", "line 2: expected a label 0, 1, 2, …, got 'one'."),
        ("d.csv", "sequence,label\nACGT,0.5\n", "expected a label 0, 1, 2, …, got '0.5'."),
        ("d.csv", "sequence,label\nACGT,-1\n", "expected a label 0, 1, 2, …, got '-1'."),
        ("d.csv", "id,sequence\na,ACGT\na,ACGG\n", "expected unique ids, got 'a' more than once."),
        ("d.fa", "ACGT\n", "expected FASTA, with a first line that begins with '>'."),
        ("d.csv", "sequence,label\nACGT,nan\n", "expected a label 0, 1, 2, …, got 'nan'."),
        ("d.csv", "sequence,label\nACGT,inf\n", "expected a label 0, 1, 2, …, got 'inf'."),
        ("d.fa", ">a\nACGT\n>b\n", "record 'b': expected a sequence, got none."),
        ("d.fa", ">a\nACGT\n>a\nACGG\n", "expected unique ids, got 'a' more than once."),
        (
            "d.csv",
            "sequence,label\nACGT,1000000000000000000\n",
            "expected a label from 0 to 65535, the number of a class, got 1000000000000000000.",
        ),
        (
            "d.csv",
            f"sequence,label\nACGT,{'x' * 200_000}\n",
            f"line 2: expected a label 0, 1, 2, …, got '{'x' * 60}…'.",
        ),
        ("d.csv", f"sequence,label\nACGT,{'9' * 5000}\n", "expected a label 0, 1, 2, …, got '999"),
        ("d.csv", f"sequence,intervals\nACGT,{'9' * 5000}-3\n", "expected annotations such as"),
        ("d.fa", ">a label=x\nACGT\n", "record 'a': expected a label 0, 1, 2, …, got 'x'."),
        ("d.fa", ">a\nAC GT\nAUG\n", "record 'a': expected letters ACGTN, got 'U' at position 6."),
        (
            "d.txt",
            "ACGT",
            "expected one of .csv, .tsv, .fa, .fasta, .fna, .parquet (text also .gz)",
        ),
        ("d", "ACGT", "(text also .gz), got ''."),
        ("d.parquet", "no", "expected a Parquet table"),
        ("d.csv.gz", "no gzip", "expected readable text"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        read_dataset(tmp_path / name)
    assert sentence in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("d.csv.gz", "expected readable text, got: "),
        ("d.parquet", "expected a Parquet table, got: "),
    ],
)
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.98])
def test_a_torn_file_is_one_sentence(tmp_path: Path, name: str, sentence: str, kept: float) -> None:
    path = tmp_path / name
    _write([(f"s{i}", "ACGT" * 50, 1) for i in range(200)], path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(InputError) as caught:
        read_dataset(path)
    assert str(caught.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"sequence": ["AC", "AXC"]}, "row 2: expected letters ACGTN, got 'X' at position 2."),
        ({"sequence": ["AC", None]}, "row 2: expected a sequence, got none."),
        ({"sequence": ["AC"], "label": [0.5]}, "row 1: expected a label 0, 1, 2, …, got '0.5'."),
        ({"sequence": ["AC"], "label": [[1]]}, "row 1: expected a label 0, 1, 2, …, got '[1]'."),
        ({"sequence": [["AC"]]}, "expected text in column 'sequence', got list<"),
        (
            {"window": ["AC"]},
            "expected a column of sequences (sequence, seq, dna), got columns win",
        ),
        ({"id": ["a", "a"], "seq": ["A", "C"]}, "expected unique ids, got 'a' more than once."),
    ],
)
def test_what_is_wrong_with_a_table_is_one_sentence(
    tmp_path: Path, columns: dict[str, list[object]], sentence: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "d.parquet")
    with pytest.raises(InputError) as caught:
        read_dataset(tmp_path / "d.parquet")
    assert sentence in str(caught.value)
    assert "d.parquet" in str(caught.value)


def test_text_that_is_no_utf8_is_one_sentence(tmp_path: Path) -> None:
    odd = pa.array([b"AC\xff", b"GT"]).view(pa.string())
    for column, named in (("sequence", odd), ("id", odd), ("label", odd)):
        columns = {"sequence": pa.array(["AC", "GT"])} | {column: named}
        pq.write_table(pa.table(columns), tmp_path / "d.parquet")
        with pytest.raises(InputError, match=r"d\.parquet: expected .*, got: .*utf-8"):
            read_dataset(tmp_path / "d.parquet")


def test_values_that_python_has_no_place_for_are_one_sentence(tmp_path: Path) -> None:
    far = pa.array([2**62], pa.timestamp("us"))
    pq.write_table(pa.table({"sequence": ["AC"], "label": far}), tmp_path / "d.parquet")
    with pytest.raises(InputError, match=r"d\.parquet"):
        read_dataset(tmp_path / "d.parquet")


def test_a_name_that_is_longer_than_names_can_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a file, got: .*File name too long"):
        read_dataset(tmp_path / ("a" * 300 + ".csv"))


@pytest.mark.parametrize("made", [[Sample("a", "AC")], None, "fly-promoters"])
def test_a_data_set_that_is_none_names_its_distribution(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, made: object
) -> None:
    monkeypatch.setattr("gxarena.datasets.windows.windows", lambda **_: made)
    with pytest.raises(PluginError, match=r"^gxarena: dataset 'windows': expected a Dataset, got"):
        open_dataset("windows", registry)


@pytest.mark.parametrize("error", [TypeError("inside"), ValueError("odd"), SystemExit(1)])
def test_a_data_set_that_fails_names_its_distribution(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(**_: object) -> Dataset:
        raise error

    monkeypatch.setattr("gxarena.datasets.windows.windows", fails)
    with pytest.raises(PluginError, match=r"^gxarena: dataset 'windows': expected to be made with"):
        open_dataset("windows", registry)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a file, got a folder\."):
        read_dataset(tmp_path)


def test_a_repeated_id_among_many_is_found_at_once() -> None:
    samples = [Sample(str(i), "A") for i in range(100_000)]
    with pytest.raises(InputError, match="got '99999' more than once"):
        Dataset("d", (*samples, samples[-1]))


def test_a_missing_file_is_answered_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "tests.csv").touch()
    with pytest.raises(InputError, match=r"found none\. Did you mean 'tests\.csv'"):
        read_dataset(tmp_path / "test.csv")
    with pytest.raises(InputError, match=r"The folder .* does not exist"):
        read_dataset(tmp_path / "nowhere" / "test.csv")
    (tmp_path / "d.csv").write_text("window\nACGT\n")
    with pytest.raises(InputError, match="expected a column 'windw' "):
        read_dataset(tmp_path / "d.csv", sequence="windw")


def test_checked_sequence() -> None:
    assert checked_sequence("acgtn", "here") == "ACGTN"
    with pytest.raises(InputError, match="here: expected letters ACGTN, got 'ß' at position 3"):
        checked_sequence("ACß", "here")
    with pytest.raises(InputError, match="here: expected letters ACGTN, got '-' at position 2"):
        checked_sequence("A-", "here")


def _dataset(labels: Sequence[int | None]) -> Dataset:
    return Dataset("d", tuple(Sample(f"s{i}", "ACGT", label) for i, label in enumerate(labels)))


def test_subsets_are_balanced_in_order_and_nested() -> None:
    dataset = _dataset([0] * 30 + [1] * 10)
    chosen = dataset.subset(12, seed=1).samples
    assert Counter(sample.label for sample in chosen) == {0: 6, 1: 6}
    order = [sample.id for sample in dataset.samples]
    positions = [order.index(sample.id) for sample in chosen]
    assert positions == sorted(positions)
    assert dataset.subset(12, seed=1).samples == chosen
    assert dataset.subset(12, seed=2).samples != chosen
    assert set(dataset.subset(6, seed=1).samples) <= set(chosen)
    assert dataset.subset(99) is dataset
    assert Counter(s.label for s in dataset.subset(30).samples) == {0: 20, 1: 10}
    with pytest.raises(InputError, match="n: expected at least 1, got 0"):
        dataset.subset(0)


@given(
    labels=st.lists(st.sampled_from([0, 1, None]), min_size=1, max_size=40),
    sizes=st.tuples(st.integers(1, 45), st.integers(1, 45)),
    seed=st.integers(0, 5),
)
def test_every_subset_is_even_and_holds_the_smaller_ones(
    labels: list[int | None], sizes: tuple[int, int], seed: int
) -> None:
    dataset = _dataset(labels)
    small, large = (dataset.subset(n, seed).samples for n in sorted(sizes))
    assert len(large) == min(max(sizes), len(labels))
    assert set(small) <= set(large)
    assert list(large) == [sample for sample in dataset.samples if sample in set(large)]
    available, taken = Counter(labels), Counter(sample.label for sample in large)
    # A class falls behind the fullest one by more than a sample only when it has no more.
    assert all(taken[c] == available[c] or taken[c] >= max(taken.values()) - 1 for c in available)


def test_labels_choose_samples() -> None:
    dataset = _dataset([0, 1, None, 1])
    assert [sample.id for sample in dataset.with_labels([1]).samples] == ["s1", "s3"]
    with pytest.raises(InputError, match=r"labels: expected some of 0, 1, None, got \[7\]"):
        dataset.with_labels([7])


def test_digest_is_of_the_content_in_its_order() -> None:
    a, b = Sample("a", "ACGT", 1), Sample("b", "ACGT", 0)
    digest = Dataset("x", (a, b)).digest
    assert Dataset("y", (a, b)).digest == digest
    annotated = Sample("a", "ACGT", 1, (Interval(0, 2),))
    informed = [
        Sample("a", "ACGT", 1, (Interval(0, 2, information=shares),))
        for shares in ((1.0, 0.5), (0.5, 1.0))
    ]
    others = [(b, a), (a,), (annotated, b), (Sample("a", "ACGA", 1), b), (Sample("a", "ACGT"), b)]
    others += [(one, b) for one in informed]
    assert len({digest, *(Dataset("x", samples).digest for samples in others)}) == 8


def test_open_by_name_split_and_path(registry: Registry, data: Path) -> None:
    by_name = open_dataset("fly-promoters", registry, split="valid")
    assert by_name.digest == open_dataset("fly-promoters:valid", registry).digest
    assert open_dataset(str(data), registry).name == "data.csv"
    assert len(open_dataset("data.csv", registry, base=data.parent).samples) == 70
    for reference, sentence in (
        ("fly-promoter", "unknown dataset 'fly-promoter'. Did you mean 'fly-promoters'?"),
        ("fly-promoters:tst", "fly-promoters, split: unknown 'tst'. Did you mean 'test'?"),
        ("nowhere/data.csv", "expected a file, found none"),
    ):
        with pytest.raises(InputError) as caught:
            open_dataset(reference, registry)
        assert sentence in str(caught.value)
    with pytest.raises(InputError, match="dataset 'fly-promoters': expected other parameters"):
        open_dataset("fly-promoters", registry, spilt="test")


def test_a_path_takes_no_parameters_but_column_names(registry: Registry, data: Path) -> None:
    with pytest.raises(InputError, match=r"got 'sequences'\. Did you mean 'sequence'"):
        open_dataset(str(data), registry, sequences="x")


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_annotations_are_read(tmp_path: Path, kind: str) -> None:
    texts = ["2-4+ MA0139.2; 0-1", ""]
    path = tmp_path / f"data.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"sequence": ["ACGT", "GG"], "annotations": texts}), path)
    else:
        mark = {"csv": ",", "tsv": "\t"}[kind]
        rows = [["sequence", "annotations"], ["ACGT", texts[0]], ["GG", texts[1]]]
        path.write_text("\n".join(mark.join(row) for row in rows) + "\n")
    first, second = read_dataset(path).samples
    assert first.annotations == (Interval(2, 4, "MA0139.2", "+"), Interval(0, 1))
    assert second.annotations == ()
    assert read_dataset(path).annotated


@pytest.mark.parametrize("text", ["1-1", "3-9", "x", "2-1+ a", "0-2 a; nonsense"])
def test_annotations_that_are_none_are_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"sequence,intervals\nACGT,{text}\n")
    with pytest.raises(InputError, match="line 2: expected annotations such as"):
        read_dataset(path)


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "fa"])
def test_a_region_is_read(tmp_path: Path, kind: str) -> None:
    """What lies around it is a model's alone; where none is named all is explained."""
    path = tmp_path / f"data.{kind}"
    rows = [("a", "AACGTT", "1-5"), ("b", "GGA", "")]
    if kind == "parquet":
        columns = zip(("id", "sequence", "region"), zip(*rows, strict=True), strict=True)
        pq.write_table(pa.table({name: list(column) for name, column in columns}), path)
    elif kind == "fa":
        path.write_text(">a region=1-5\nAAC\nGTT\n>b\nGGA\n")
    else:
        mark = {"csv": ",", "tsv": "\t"}[kind]
        lines = [("id", "sequence", "region"), *rows]
        path.write_text("\n".join(mark.join(line) for line in lines) + "\n")
    first, second = read_dataset(path).samples
    assert (first.sequence, first.flanks) == ("ACGT", ("A", "T"))
    assert second == Sample("b", "GGA")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x", r"line 2: expected a region such as '100-300', got 'x'\."),
        ("-1-3", r"line 2: expected a region such as"),
        ("3-3", r"line 2, sample '0000000', region: expected .* 4 nucleotides, got 3 and 3\."),
        ("1-5", r"line 2, sample '0000000', region: expected .* got 1 and 5\."),
    ],
)
def test_a_region_that_is_none_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"sequence,region\nACGT,{text}\n")
    with pytest.raises(InputError, match=sentence):
        read_dataset(path)
