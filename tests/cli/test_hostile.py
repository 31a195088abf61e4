"""Command lines with odd values: whatever is given, what comes back is no traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gxarena.cli import app as application
from gxarena.registry import Registry

SUITE = """
name = "small"
target = 1
[datasets.mine]
path = "data.csv"
n = 6
[[matrix]]
datasets = ["mine"]
models = ["toy"]
explainers = ["exact", "random"]
metrics = ["gini"]
"""
RECIPE = """
model = "toy"
[data]
train = "data.csv"
valid = "data.csv"
test = "data.csv"
"""
NUMBERS = [
    "-1", "0", "2.5", "x", "", "[/y]", "1e3", "9" * 5000, str(2**31), str(2**63), str(2**64), "nan",
]  # fmt: skip
TEXTS = [
    "", "[/y]", "[bold]", "\x1b[2J", "é", "a" * 5000, "../..", "\udcff", "-", "--", "%s", ":a:",
    "\\",
]  # fmt: skip
PATHS = [
    "nothing", "folder", "text", "[/y]", "", "/", "/dev/null", "a" * 300, "data.csv", "bundle.zip",
    "torn.zip", "board.parquet", "torn.parquet", "run", "\udcff", "~", "small.toml", "loop",
    "board.parquet/x", "unreadable",
]  # fmt: skip
SETS = [
    "", "=", "a", ".=1", f"seed={2**63}", "seed=-1", "seed=[[[[", "seed=" + "[" * 5000, "matrix=1",
    "matrix=[1]", "datasets.mine.n=2.5", "datasets.mine.labels=1", "datasets.mine.path=5",
    "datasets.mine.path=[/y]", "datasets.mine.name=5", "datasets=1", "datasets.mine=1",
    "models.toy=1", "models.toy.name=5", "target=" + "9" * 5000, "explainers.random.name=[1]",
    "metrics.gini.x=1979-05-27", "headline=1", "datasets.mine.kind=1", "name=[/y]",
]  # fmt: skip
EXPLAIN = "explain --model toy --explainer random --sequence ACGT"
COMMANDS = {
    "plan": [
        ("plan @", PATHS),
        ("plan small.toml --limit @", NUMBERS),
        ("plan small.toml --out @", PATHS),
        ("plan small.toml --set @", SETS),
    ],
    "run": [
        ("run @ --out new", PATHS),
        ("run small.toml --out @", PATHS),
        ("run small.toml --out new --limit @", NUMBERS),
        ("run small.toml --out new --engine @", TEXTS),
        ("run small.toml --out new --set @", SETS),
        ("status @", PATHS),
        ("failures @", PATHS),
    ],
    "explain": [
        ("explain --model toy --explainer exact --sequence @", TEXTS),
        ("explain --model toy --explainer exact --fasta @", PATHS),
        ("explain --model toy --explainer @ --sequence ACGT", TEXTS),
        ("explain --model @ --explainer exact --sequence ACGT", TEXTS),
        (f"{EXPLAIN} --target @", NUMBERS),
        (f"{EXPLAIN} --seed @", NUMBERS),
        (f"{EXPLAIN} --objective @", TEXTS),
        (f"{EXPLAIN} --model-arg @", SETS),
        (f"{EXPLAIN} --model-arg width=@", NUMBERS),
        (f"{EXPLAIN} --model cnn --model-arg checkpoint=@", PATHS),
        (f"{EXPLAIN} --explainer precomputed --explainer-arg path=@", PATHS),
        (f"{EXPLAIN} --plot @", PATHS),
    ],
    "train": [
        ("train @ --out new", PATHS),
        ("train recipe.toml --out @", PATHS),
        ("train recipe.toml --out new --replicates @", NUMBERS),
        ("train recipe.toml --out new --set @", [*SETS, "data.train=5", "data=1", "model=5"]),
    ],
    "leaderboard": [
        ("leaderboard @", PATHS),
        ("leaderboard run --out @", PATHS),
        ("leaderboard run --metric @", TEXTS),
        ("leaderboard run --only @", TEXTS),
        ("leaderboard run --only label=@", NUMBERS),
    ],
    "bundles": [
        ("submit @ --out new.zip", PATHS),
        ("submit run --out @", PATHS),
        ("submit run --out new.zip --attributions @", NUMBERS),
        ("submit run --out new.zip --by @", TEXTS),
        ("verify @", PATHS),
        ("verify bundle.zip --replay @", NUMBERS),
        ("verify bundle.zip --replay 1 --seed @", NUMBERS),
    ],
    "pages": [
        ("report @ --out new", PATHS),
        ("report run --out @", PATHS),
        ("figure @ run --out new.png", TEXTS),
        ("figure complexity run --out @", PATHS),
        ("motifs @", PATHS),
        ("motifs run --out @", PATHS),
        ("site @ --out new", PATHS),
        ("site run --out @", PATHS),
    ],
    "lists": [("plugins @", TEXTS), ("suites list @", TEXTS), ("@", TEXTS)],
}
"""Command lines; each odd value comes in the place of @."""
QUICK = {"plan", "lists"}


@pytest.fixture
def here(data: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory that holds one of everything, and some of it torn."""
    monkeypatch.setattr(Registry, "load", lambda: registry)
    monkeypatch.chdir(data.parent)
    (data.parent / "small.toml").write_text(SUITE)
    (data.parent / "recipe.toml").write_text(RECIPE)
    (data.parent / "folder").mkdir()
    (data.parent / "text").write_text("some text\n")
    (data.parent / "loop").symlink_to("loop")
    (data.parent / "unreadable").write_text("")
    (data.parent / "unreadable").chmod(0)
    for line in (
        "run small.toml --out run",
        "submit run --out bundle.zip",
        "leaderboard run --out board.parquet",
    ):
        assert _left(monkeypatch, line.split()) == 0
    for name in ("bundle.zip", "board.parquet"):
        whole = Path(name).read_bytes()
        Path(f"torn.{name.partition('.')[2]}").write_bytes(whole[: len(whole) // 2])
    yield data.parent
    (data.parent / "unreadable").chmod(0o600)


def _left(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> object:
    """With which status `gxarena ARGUMENTS` leaves; what else it raises comes through."""
    monkeypatch.setattr(sys, "argv", ["gxarena", *arguments])
    with pytest.raises(SystemExit) as left:
        application.main()
    return left.value.code


@pytest.mark.parametrize(
    "command", [pytest.param(c, marks=() if c in QUICK else pytest.mark.slow) for c in COMMANDS]
)
def test_no_command_line_gives_a_traceback(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    for line, values in COMMANDS[command]:
        for value in values:
            capsys.readouterr()
            arguments = [part.replace("@", value) for part in line.split()]
            status = _left(monkeypatch, arguments)
            said = capsys.readouterr()
            assert status in (0, 1, 2, 3), arguments
            assert "Traceback" not in said.out + said.err, arguments
            if status == 2:
                assert said.err.strip(), arguments
            assert (here / "run" / "run.json").is_file(), arguments


COMMAND = Path(sys.executable).with_name("gxarena")


def _shell(line: str) -> tuple[int, str]:
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Exception ignored" not in ended.stderr
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("arguments", ["suites list", "suites list --json", "--help"])
def test_a_full_disk_behind_stdout_is_one_sentence(arguments: str) -> None:
    status, said = _shell(f"{COMMAND} {arguments} > /dev/full")
    assert status == 2
    assert said == "error: expected to print, got 'No space left on device'.\n"


def test_whoever_stops_listening_is_no_error_to_speak_of() -> None:
    for line in ("plugins list --json | true", "plugins list >&-"):
        _, said = _shell(f"{COMMAND} {line}")
        assert said == ""
    assert _shell(f"{COMMAND} plan nothing 2>/dev/full") == (2, "")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    status, said = _shell(f"cd {tmp_path}; {COMMAND} plan $'\\xff.toml'")
    assert (status, said) == (
        2,
        "error: expected arguments that are text in UTF-8, got '\\udcff.toml'. Rename the file.\n",
    )


def test_names_are_printed_as_they_are(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither markup nor the names of pictures mean anything in what is not ours."""
    (here / "odd.fa").write_text(">[/y]:smile:\nACGT\n>[bold]\\\nAC\n")
    arguments = "explain --model toy --explainer exact --fasta odd.fa"
    assert _left(monkeypatch, arguments.split()) == 0
    said = capsys.readouterr().out
    assert "[/y]:smile: target" in said
    assert "[bold]\\ target" in said
    (here / "[").mkdir()
    (here / "run").rename(here / "[/y]")
    assert _left(monkeypatch, ["status", "[/y]"]) == 0
    assert "small in [/y]" in capsys.readouterr().out
    assert _left(monkeypatch, ["leaderboard", "[/y]", "board.parquet"]) == 0
    assert "[/y]" in capsys.readouterr().out
