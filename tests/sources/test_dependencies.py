"""Which files and versions count: whole packages of one's own, versions of everybody else's."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from gxarena.errors import PluginError
from gxarena.hookspecs import Component
from gxarena.identity import component_digest
from gxarena.sources import packages
from gxarena.sources.dependencies import Sources

Site = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder on Python's path; called with files' texts by name, it holds them."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        importlib.invalidate_caches()
        packages.installers.cache_clear()
        return tmp_path

    yield write
    packages.installers.cache_clear()
    packages.version.cache_clear()


def _counted(target: str, distribution: str = "unknown") -> set[str]:
    """Names of the files that count, but for the core's."""
    files = Sources().of(target, distribution).files
    return {name for name in files if not name.startswith("gxarena/")}


def _installed(name: str, version: str, *files: str) -> dict[str, str]:
    """What pip leaves of a distribution that brought these files."""
    info = f"{name}-{version}.dist-info"
    return {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/RECORD": "".join(f"{file},,\n" for file in (*files, f"{info}/METADATA")),
    }


def test_the_whole_package_counts_data_files_and_all(site: Site) -> None:
    site(
        **{
            "whole/__init__.py": "",
            "whole/explainer.py": "import json\n",
            "whole/deep/never_imported.py": "",
            "whole/data/motifs.json": "{}",
            "whole/weights/model/w.safetensors": "",
            "whole/.hidden": "",
            "whole/__pycache__/x.pyc": "",
        }
    )
    assert _counted("whole.explainer") == {
        "whole/__init__.py",
        "whole/explainer.py",
        "whole/deep/never_imported.py",
        "whole/data/motifs.json",
        "whole/weights/model/w.safetensors",
    }


def test_packages_and_modules_beside_it_count_where_they_are_imported(site: Site) -> None:
    site(
        **{
            "first/__init__.py": "from second.inner import x\n",
            "second/__init__.py": "",
            "second/inner.py": "def late():\n    import third\n",
            "second/table.csv": "",
            "third.py": "",
            "stranger.py": "",
            "typed.py": "",
            "first/types.py": "import typing\nif typing.TYPE_CHECKING:\n    import typed\n",
        }
    )
    assert _counted("first") == {
        "first/__init__.py",
        "first/types.py",
        "second/__init__.py",
        "second/inner.py",
        "second/table.csv",
        "third.py",
    }


def test_what_is_imported_for_typing_alone_is_apart(site: Site) -> None:
    root = site(**{f"{name}.py": "" for name in ("typed", "real", "else_if", "any_of")})
    (root / "branches.py").write_text(
        "import typing\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import typed\nelse:\n    import real\n"
        "if not typing.TYPE_CHECKING:\n    import real\nelse:\n    import typed\n"
        "if typing.TYPE_CHECKING:\n    import typed\nelif x:\n    import else_if\n"
        "if TYPE_CHECKING or x:\n    import any_of\n"
    )
    assert _counted("branches") == {"branches.py", "real.py", "else_if.py", "any_of.py"}


def test_what_a_string_names_counts_where_it_lies_beside(site: Site) -> None:
    root = site(
        **{
            "lone.py": 'run(["-m", "lone_worker.main"]); open(HERE / "motifs.npz")\n',
            "lone_worker/__init__.py": "",
            "lone_worker/main.py": "",
            "motifs.npz": "",
            "notes.txt": "",
        }
    )
    assert _counted("lone") == {
        "lone.py",
        "lone/motifs.npz",
        "lone_worker/__init__.py",
        "lone_worker/main.py",
    }
    (root / "lone.py").write_text('words = ["json", "numpy", "toys", "", ".", "..", "/", "\\0"]\n')
    assert _counted("lone") == {"lone.py"}


def test_a_folder_that_a_module_without_a_package_names_counts_whole(site: Site) -> None:
    root = site(
        **{
            "lone.py": 'open(HERE / "data" / "a.csv"); runs = "runs"; lib = "lib"\n',
            "data/a.csv": "",
            "data/deep/b.csv": "",
            "data/.hidden": "",
            "runs/one/run.json": "{}",
            "runs/one/cells.parquet": "",
            "lib/__init__.py": "",
        }
        | _installed("the-lib", "1", "lib/__init__.py")
    )
    counted = {"lone.py", "lone/data/a.csv", "lone/data/deep/b.csv"}
    assert _counted("lone") == counted
    (root / "data" / "c.csv").touch()
    assert _counted("lone") == counted | {"lone/data/c.csv"}


def test_files_of_the_same_name_stay_apart(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    root = site(
        **{
            "here/one.py": 'import space.mine, two; open("table.csv")\n',
            "here/table.csv": "1",
            "there/two.py": 'open("table.csv")\n',
            "there/table.csv": "2",
            "there/mine.py": "",
            "space/mine.py": "import mine\n",
            "space/theirs/__init__.py": "",
        }
        | _installed("ours", "1", "space/mine.py")
        | _installed("theirs", "1", "space/theirs/__init__.py")
    )
    for folder in ("here", "there"):
        monkeypatch.syspath_prepend(str(root / folder))
    names = ("here/one.py", "here/table.csv", "there/two.py", "there/table.csv", "there/mine.py")
    found = Sources().of("one", "ours").files.values()
    assert {root / name for name in (*names, "space/mine.py")} <= set(found)


@pytest.mark.parametrize(
    "source",
    [
        'run("python -m worker.main --fast".split())',
        'run(f"{sys.executable} -m worker.main {x}")',
        'run(f"{sys.executable} -m worker {x}")',
        'PACKAGE = "worker"\nrun(f"python -m {PACKAGE}.main")',
        'run(["bash", "-c", "cd /tmp; python -X dev -m worker.main"])',
        'load("entry = worker.main:start")',
    ],
)
def test_a_worker_that_stands_inside_a_string_counts(site: Site, source: str) -> None:
    site(
        **{
            "starts/__init__.py": source,
            "worker/__init__.py": "",
            "worker/main.py": "import helper\n",
            "helper.py": "",
            "prose.py": "",
        }
    )
    assert _counted("starts") == {
        "starts/__init__.py",
        "worker/__init__.py",
        "worker/main.py",
        "helper.py",
    }


def test_a_worker_that_lies_elsewhere_counts_where_its_name_has_a_dot(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = site(
        **{
            "near/starts.py": 'run("python -m worker.main"), run(["far"])\n',
            "away/worker/__init__.py": "",
            "away/worker/main.py": "",
            "away/far.py": "",
        }
    )
    for folder in ("near", "away"):
        monkeypatch.syspath_prepend(str(root / folder))
    assert _counted("starts") == {"starts.py", "worker/__init__.py", "worker/main.py"}


def test_prose_names_no_worker(site: Site) -> None:
    site(
        **{
            "prose.py": '"""See `worker.main`: ``python -m worker``."""\n'
            "class Prose:\n    'Like worker.main.'\n"
            "raise ValueError('expected a worker, got none.')\n",
            "worker/__init__.py": "",
            "worker/main.py": "",
        }
    )
    assert _counted("prose") == {"prose.py"}


def test_training_is_apart_unless_it_is_imported_with_the_rest(site: Site) -> None:
    root = site(
        **{
            "trained/__init__.py": "",
            "trained/model.py": "def fit():\n    from trained.train import fit\n",
            "trained/train.py": "from trained.training import loop\n",
            "trained/training/__init__.py": "",
            "trained/training/loop.py": "",
            "trained/data/train/table.csv": "",
        }
    )
    counted = _counted("trained.model")
    assert counted == {
        "trained/__init__.py",
        "trained/model.py",
        "trained/data/train/table.csv",
    }
    for line in (
        "from trained.train import scale\n",
        "from trained import train\n",
        "from .train import scale\n",
    ):
        (root / "trained" / "model.py").write_text(line)
        assert _counted("trained.model") == {
            *counted,
            "trained/train.py",
            "trained/training/__init__.py",
            "trained/training/loop.py",
        }
    assert "trained/train.py" in _counted("trained.train")


def test_of_what_others_installed_the_version_counts(site: Site) -> None:
    root = site(
        **{
            "mine/__init__.py": "import lib, numpy, rich\ndef late():\n    import lib.deep\n",
            "lib/__init__.py": "import another",
            "another.py": "",
        }
        | _installed("the-lib", "1.5", "lib/__init__.py")
        | _installed("another", "2", "another.py")
    )
    found = Sources().of("mine", "mine-distribution")
    assert "lib/__init__.py" not in found.files
    assert found.versions["the-lib"] == "1.5"
    # Those of the core count too; what only prints does not; nor what others import in turn.
    assert {"numpy", "scipy", "pyarrow"} <= found.versions.keys()
    assert not {"rich", "another"} & found.versions.keys()
    assert (root / "lib").is_dir()


def test_what_its_own_distribution_installed_counts_by_content(site: Site) -> None:
    files = ("mine/__init__.py", "mine_helpers/__init__.py", "mine_lone.py")
    site(
        **{
            "mine/__init__.py": "import mine_helpers, mine_lone\n",
            "mine_helpers/__init__.py": "",
            "mine_lone.py": "",
        }
        | _installed("My.Distribution", "1", *files)
    )
    assert _counted("mine", "my-distribution") == set(files)
    assert _counted("mine", "another") == {"mine/__init__.py"}


def test_a_namespace_counts_whole_unless_others_share_it(site: Site) -> None:
    root = site(
        **{
            "space/mine/explainer.py": "from space.mine import rules\n",
            "space/mine/rules.py": "",
            "space/mine/table.csv": "",
            "space/theirs/__init__.py": "",
        }
    )
    mine = {"space/mine/explainer.py", "space/mine/rules.py", "space/mine/table.csv"}
    assert _counted("space.mine.explainer") == mine | {"space/theirs/__init__.py"}
    (root / "space" / "mine" / "__init__.py").touch()
    site(**_installed("theirs", "1", "space/theirs/__init__.py"))
    assert _counted("space.mine.explainer") == {
        name.replace("space/mine", "space.mine") for name in (*mine, "space/mine/__init__.py")
    }


def test_compiled_modules_count(site: Site) -> None:
    name = f"compiled{EXTENSION_SUFFIXES[0]}"
    site(**{name: "\x7fELF"})
    assert _counted("compiled") == {name}


def test_what_does_not_parse_or_would_not_import_counts_all_the_same(site: Site) -> None:
    site(**{"odd/__init__.py": "raise SystemExit\n", "odd/template.py": "{{ name }} = (\n"})
    assert _counted("odd") == {"odd/__init__.py", "odd/template.py"}


def test_links_in_a_circle_end_and_those_to_nowhere_count(site: Site) -> None:
    root = site(**{"circle/__init__.py": ""})
    (root / "circle" / "nowhere.py").symlink_to(root / "nowhere")
    (root / "circle" / "again").symlink_to(root / "circle")
    assert _counted("circle") == {"circle/__init__.py", "circle/nowhere.py"}
    assert component_digest(Component("x", "circle:X", ""), {})


def test_a_module_without_source_is_an_error() -> None:
    with pytest.raises(PluginError, match=r"no_such_package\.module: expected an installed module"):
        Sources().of("no_such_package.module")


def test_a_file_that_appears_is_seen(site: Site) -> None:
    root = site(**{"grows/__init__.py": ""})
    assert _counted("grows") == {"grows/__init__.py"}
    (root / "grows" / "new.json").touch()
    assert "grows/new.json" in _counted("grows")


def test_the_core_counts_but_for_what_computes_nothing() -> None:
    names = set(Sources().of("gxarena.aggregators", "gxarena").files)
    assert {
        f"gxarena/{name}.py"
        for name in ("run/stages", "run/probe", "run/store", "objective", "seeds", "data", "dna")
    } <= names
    first = {name.split("/")[1] for name in names}
    assert not first & {"cli", "report", "site", "submissions", "testing", "training", "benchmarks"}


@pytest.mark.parametrize(
    ("target", "counts"),
    [
        ("gxarena_modisco.metric", "gxarena_jaspar/matching.py"),
        ("gxarena_modisco.metric", "gxarena_modisco/worker.py"),
        ("gxarena_dnabert2.attnlrp", "gxarena_dnabert2/network.py"),
        ("gxarena_tangermeme.deep_lift_shap", "gxarena_torch/multipliers.py"),
    ],
)
def test_what_built_in_plugins_share_counts(target: str, counts: str) -> None:
    assert counts in Sources().of(target, "gxarena").files


def test_training_a_built_in_model_is_apart() -> None:
    files = Sources().of("gxarena_dnabert2.attnlrp", "gxarena").files
    assert not [name for name in files if "/training/" in name]
    assert {"torch", "lxt"} <= Sources().of("gxarena_dnabert2.attnlrp", "gxarena").versions.keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    "target",
    [
        "gxarena_tangermeme.deep_lift_shap",
        "gxarena_modisco.metric",
        "gxarena_shap.explainers",
        "gxarena_quantus.metric",
        "gxarena_dnabert2.attnlrp",
        "gxarena_hf.attnlrp",
        "gxarena_cnn.lrp",
    ],
)
def test_all_that_a_target_really_imports_counts(target: str) -> None:
    code = (
        f"import importlib, json, sys; importlib.import_module('{target}'); "
        "own = [m for n, m in sys.modules.items() if n.split('.')[0].startswith('gxarena')]; "
        "print(json.dumps([m.__file__ for m in own if m.__file__]))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    imported = {Path(file).resolve() for file in json.loads(done.stdout)}
    counted = {path.resolve() for path in Sources().of(target, "gxarena").files.values()}
    assert imported <= counted
    assert len(imported) > 3


def test_what_was_walked_before_is_walked_again_once_a_file_was_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gxarena.files._TICK", 0)  # files this new are not remembered otherwise
    site(
        **{
            "aged/__init__.py": "",
            "aged/explainer.py": "import agedlib\n",
            "agedlib/__init__.py": "",
            "agednew/__init__.py": "",
        }
    )
    assert "agednew/__init__.py" not in _counted("aged.explainer")
    site(**{"aged/explainer.py": "import agedlib, agednew\n"})
    assert "agednew/__init__.py" in _counted("aged.explainer")


def _aged(target: str) -> str:
    return component_digest(Component("aged", f"{target}:make", "toy"), {})


def _written(place: Path) -> None:
    """Content of the same length, and the same time of last writing."""
    status = place.stat()
    place.write_text("b")
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replaced(place: Path) -> None:
    other = place.with_name("other")
    other.write_text("b")
    other.replace(place)


def _turned(link: Path) -> None:
    link.unlink()
    link.symlink_to("..")


@pytest.mark.parametrize(
    ("place", "edit"),
    [
        ("kept/table.csv", _written),
        ("kept/table.csv", _replaced),
        ("apart/linked.csv", _written),
        ("apart/linked.csv", _replaced),
        ("apart/folder/inner.csv", _written),
        ("kept/linked.csv", _turned),
        ("apart/shard-1", _written),
        ("kept/table.csv", Path.unlink),
        ("kept/link", _turned),
    ],
)
def test_what_was_digested_before_is_digested_again_once_it_is_another(
    site: Site, monkeypatch: pytest.MonkeyPatch, place: str, edit: Callable[[Path], object]
) -> None:
    monkeypatch.setattr("gxarena.files._TICK", 0)
    index = json.dumps({"weight_map": {"layer": "../apart/shard-1"}})
    root = site(
        **{
            "kept/__init__.py": "", "kept/table.csv": "a", "kept/model.index.json": index,
            "apart/linked.csv": "a.", "apart/folder/inner.csv": "a", "apart/shard-1": "a",
        }
    )  # fmt: skip
    (root / "kept" / "linked.csv").symlink_to("../apart/linked.csv")
    (root / "kept" / "link").symlink_to("../apart/folder")
    before = [_aged("kept") for _ in range(3)]
    assert len({*before}) == 1
    edit(root / place)
    assert _aged("kept") != before[0]


def test_what_appears_elsewhere_on_the_path_is_seen(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another portion of a namespace; a package that was asked for in vain."""
    monkeypatch.setattr("gxarena.files._TICK", 0)
    source = "try:\n    import wished\nexcept ImportError:\n    import widespace.one\n"
    root = site(**{"wishes/__init__.py": source, "first/widespace/one.py": "A = 1\n"})
    monkeypatch.syspath_prepend(str(root / "first"))
    monkeypatch.syspath_prepend(str(root / "second"))
    assert _counted("wishes") == {"wishes/__init__.py", "widespace/one.py"}
    assert _counted("wishes") == {"wishes/__init__.py", "widespace/one.py"}
    site(**{"second/widespace/two.py": "B = 2\n"})
    assert "widespace/two.py" in _counted("wishes")
    site(**{"wished.py": ""})
    assert "wished.py" in _counted("wishes")
