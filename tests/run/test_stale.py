"""Nothing stale: edit anything, run again in the same folder, and it is as in a fresh folder."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from entry_points import entry_point

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.run.plan import Plan, make_plan
from gxarena.run.runner import Summary, run
from gxarena.run.stages import Stages
from gxarena.run.store import Store
from gxarena.run.suite import Suite
from gxarena.sources import packages

FILES = {
    # The plugin's module, its package, what lies beside that, and another distribution.
    "stale_plugin.py": """
from gxarena.hookspecs import Component, Facts, hookimpl

@hookimpl
def gxarena_models():
    yield Component("stale-model", "stalepack.model:Model", "", describe="stale_plugin:describe")
    yield Component("stale-hub", "stalepack.hub:Model", "")

@hookimpl
def gxarena_explainers():
    yield Component("stale", "stalepack.explainer:Explainer", "")
    yield Component("needy", "stalepack.explainer:Explainer", "", requires=frozenset({"one-hot"}))

def describe(folder=""):
    return Facts(files=(folder + "/bias.index.json",)) if folder else Facts()
""",
    "stalepack/__init__.py": "",
    "stalepack/model.py": """
import json
from pathlib import Path
import numpy as np
from gxarena.data import Spans

class Model:
    n_outputs, max_length = 2, None

    def __init__(self, folder=""):
        self.bias = 0.0
        if folder:
            index = json.loads(Path(folder, "bias.index.json").read_text())
            self.bias = float(Path(folder, index["weight_map"]["bias"]).read_text())

    def spans(self, sequences):
        return [Spans.nucleotides(len(s)) for s in sequences]

    def predict(self, sequences):
        return np.array([[self.bias, s.count("A")] for s in sequences], dtype=float)
""",
    # What the hub holds is downloaded to its cache when the model is made, and read from there.
    "stalepack/hub.py": """
import os
from pathlib import Path
from stalepack import model

class Model(model.Model):
    def __init__(self, checkpoint):
        super().__init__()
        here = Path(os.environ["HF_HUB_CACHE"], "models--" + checkpoint.replace("/", "--"))
        commit = here / "refs" / "main"
        if not commit.is_file():
            if not Path("hub.txt").is_file():
                raise OSError("no network")
            commit.parent.mkdir(parents=True)
            commit.write_text(Path("hub.txt").read_text())
        self.bias = float(commit.read_text())
""",
    "stalepack/explainer.py": """
import importlib, runpy
from pathlib import Path
import numpy as np
import stalelib
from gxarena.data import Attribution
from stalepack.rows import row

class Explainer:
    def __init__(self, path=""):
        self.given = float(Path(path).read_text()) if path else 1.0

    def explain(self, model, batch):
        import stale_sibling
        data = float(Path(__file__).with_name("table.csv").read_text())
        weight = float((Path(__file__).parent / "weights" / "factor.txt").read_text())
        named = importlib.import_module("stale_named").FACTOR
        worker = runpy.run_module("stalepack.worker")["FACTOR"]
        powers = [data, weight, stale_sibling.FACTOR, named, worker, stalelib.FACTOR, self.given]
        power = row(1.0) + sum(powers)
        return [
            Attribution(
                (np.arange(len(s)) + 1.0) ** power + (model.predict([s])[0, 0] if t else 0.0),
                model.spans([s])[0],
            )
            for s, t in zip(batch.sequences, batch.targets)
        ]
""",
    "stalepack/rows.py": "def row(x):\n    return x * 1.0\n",
    "stalepack/table.csv": "1.0",
    "stalepack/weights/factor.txt": "1.0",
    "stalepack/worker.py": "FACTOR = 1.0\n",
    "stalepack/train.py": "FACTOR = 1.0\n",
    "stale_sibling.py": "FACTOR = 1.0\n",
    "stale_named.py": "FACTOR = 1.0\n",
    "stalelib.py": "FACTOR = 1.0\n",
    "stalelib-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stalelib\nVersion: 1.0\n",
    "stalelib-1.0.dist-info/RECORD": "stalelib.py,,\nstalelib-1.0.dist-info/METADATA,,\n",
    "data.csv": "sequence\nACGTAC\nTTGACA\n",
    "scores.txt": "1.0",
    "hub.txt": "1.0",
    "weights/bias.index.json": '{"weight_map": {"bias": "sub/bias.txt"}}',
    "weights/sub/bias.txt": "1.0",
}
BLOCK = {
    "datasets": ["mine"], "models": ["stale-model"], "explainers": ["stale"], "metrics": ["gini"],
}  # fmt: skip


@dataclass
class Site:
    """A folder with the plugin, and the suite that is run on it."""

    root: Path
    changes: dict[str, Any] = field(default_factory=dict)

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file, under the same length and time where the texts allow it."""
        path = self.root / file
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        os.utime(path, ns=times)

    def plan(self, *, anew: bool = True) -> Plan:
        """The plan as a process of its own would make it, or else as this one goes on."""
        for name in [name for name in sys.modules if anew and name.startswith("stale")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        registry = Registry.load(
            [entry_point("core", "gxarena.builtin"), entry_point("stale", "stale_plugin")]
        )
        document = {
            "name": "stale",
            "target": 1,
            "datasets": {"mine": {"path": "data.csv"}},
            "matrix": [BLOCK],
        }
        return make_plan(Suite.model_validate(document | self.changes), registry, folder=self.root)

    def run(self, out: str, *, anew: bool = True) -> Summary:
        return run(self.plan(anew=anew), self.root / out)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    # Python itself takes a compiled module for fresh whose source has another content of the same
    # length and time.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    packages.installers.cache_clear()
    yield Site(tmp_path)
    for name in [name for name in sys.modules if name.startswith("stale")]:
        del sys.modules[name]
    packages.installers.cache_clear()
    packages.version.cache_clear()


def _values(summary: Summary) -> list[float]:
    assert summary.complete, summary.statuses
    values: list[float] = summary.leaderboard["estimate"].to_pylist()
    return values


def _upgraded(site: Site) -> None:
    site.edit("stalelib.py", "1.0", "3.0")
    old = site.root / "stalelib-1.0.dist-info"
    site.edit("stalelib-1.0.dist-info/METADATA", "Version: 1.0", "Version: 3.0")
    old.rename(site.root / "stalelib-3.0.dist-info")
    packages.version.cache_clear()


EDITS: dict[str, Callable[[Site], None]] = {
    "a module that it imports": lambda site: site.edit("stalepack/rows.py", "1.0", "3.0"),
    "a data file in its package": lambda site: site.edit("stalepack/table.csv", "1.0", "3.0"),
    "weights that an explainer reads": (
        lambda site: site.edit("stalepack/weights/factor.txt", "1.0", "3.0")
    ),
    "a worker": lambda site: site.edit("stalepack/worker.py", "1.0", "3.0"),
    "a sibling module": lambda site: site.edit("stale_sibling.py", "1.0", "3.0"),
    "a module that a string names": lambda site: site.edit("stale_named.py", "1.0", "3.0"),
    "another version of a library": _upgraded,
    "a file that a parameter names": lambda site: site.edit("scores.txt", "1.0", "3.0"),
    "the model": lambda site: site.edit("stalepack/model.py", "self.bias, s", "1.0 + self.bias, s"),
    "a file of the model's weights": lambda site: site.edit("weights/sub/bias.txt", "1.0", "3.0"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_is_seen_by_the_next_run(site: Site, edit: Callable[[Site], None]) -> None:
    site.changes = {
        "explainers": {"stale": {"path": "scores.txt"}},
        "models": {"stale-model": {"folder": "weights"}},
    }
    before = _values(site.run("run"))
    assert site.run("run").reused == 1
    edit(site)
    resumed = _values(site.run("run"))
    assert resumed == _values(site.run("fresh"))
    assert resumed != before


def _stale_explainer(site: Site, reads: str) -> None:
    """The explainer, reading its factor so."""
    site.edit("stalepack/explainer.py", "Path(path).read_text()", reads)


def _edited(site: Site, file: str) -> None:
    """A result is that of the file as it is, whether another one lies in the folder or not."""
    before = _values(site.run("run"))
    site.edit(file, "1.0", "3.0")
    resumed = _values(site.run("run"))
    assert resumed == _values(site.run("fresh"))
    assert resumed != before


def test_a_file_in_a_linked_folder_is_content_of_the_folder_that_holds_the_link(site: Site) -> None:
    (site.root / "elsewhere").mkdir()
    (site.root / "elsewhere" / "s.txt").write_text("1.0")
    (site.root / "given").mkdir()
    (site.root / "given" / "sub").symlink_to("../elsewhere")
    (site.root / "given" / "again").symlink_to(".")
    _stale_explainer(site, "(Path(path) / 'sub' / 's.txt').read_text()")
    site.changes = {"explainers": {"stale": {"path": "given"}}}
    _edited(site, "elsewhere/s.txt")


def test_a_path_from_home_counts_by_content(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(site.root))
    _stale_explainer(site, "Path(path).expanduser().read_text()")
    site.changes = {"explainers": {"stale": {"path": "~/scores.txt"}}}
    _edited(site, "scores.txt")


def test_a_library_installed_in_editable_form_counts_by_content(site: Site) -> None:
    info = site.root / "edlib-1.0.dist-info"  # as pip leaves it: the name is claimed all the same
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: edlib\nVersion: 1.0\n")
    (info / "RECORD").write_text("edlib-1.0.dist-info/METADATA,,\n")
    (info / "top_level.txt").write_text("edlib\n")
    (info / "direct_url.json").write_text('{"dir_info": {"editable": true}, "url": "file:///x"}')
    (site.root / "edlib").mkdir()
    (site.root / "edlib" / "__init__.py").write_text("FACTOR = 1.0\n")
    site.edit("stalepack/explainer.py", "import stale_sibling", "import stale_sibling, edlib")
    site.edit("stalepack/explainer.py", "stalelib.FACTOR,", "stalelib.FACTOR, edlib.FACTOR,")
    packages.installers.cache_clear()
    before = _values(site.run("run"))
    site.edit("edlib/__init__.py", "1.0", "3.0")
    sys.modules.pop("edlib", None)
    resumed = _values(site.run("run"))
    assert resumed == _values(site.run("fresh"))
    assert resumed != before


def test_what_changes_no_number_re_runs_nothing(site: Site) -> None:
    site.run("run")
    site.edit("stalepack/train.py", "1.0", "3.0")
    site.edit("data.csv", "sequence", "Sequence")
    assert site.run("run").reused == 1


def test_unsupported_is_decided_anew(site: Site) -> None:
    site.changes = {"matrix": [BLOCK | {"explainers": ["needy"]}]}
    assert site.run("run").statuses == {"unsupported": 1}
    assert site.run("run").reused == 1
    site.edit("stale_plugin.py", '"one-hot"', '"modular"')
    summary = site.run("run")
    assert (summary.statuses, summary.reused) == ({"unsupported": 1}, 0)
    (row,) = pq.read_table(site.root / "run" / "cells.parquet").to_pylist()[-1:]
    assert "nonlinearities" in row["error_message"]
    site.edit("stale_plugin.py", ', requires=frozenset({"modular"})', "")
    assert _values(site.run("run")) == _values(site.run("fresh"))


def test_what_refused_while_it_worked_is_asked_anew(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graphics card, another library: what it lacked then, it may have now."""
    site.edit("stalepack/explainer.py", "import importlib", "import os, importlib")
    site.edit(
        "stalepack/explainer.py",
        "        import stale_sibling",
        "        if 'STALE_CARD' not in os.environ:\n"
        "            from gxarena.errors import Unsupported\n"
        "            raise Unsupported('needs a card')\n"
        "        import stale_sibling",
    )
    first = site.run("run")
    assert (first.statuses, first.complete) == ({"unsupported": 1}, True)
    again = site.run("run")
    assert (again.statuses, again.reused, again.complete) == ({"unsupported": 1}, 0, True)
    monkeypatch.setenv("STALE_CARD", "1")
    assert _values(site.run("run")) == _values(site.run("fresh"))
    assert site.run("run").reused == 1


def test_what_a_component_provides_decides_how_it_is_asked(site: Site) -> None:
    """Whether an aggregator carries scores elsewhere, and what a metric gives a number for."""
    (site.root / "stale_asked.py").write_text(
        "import numpy as np\n"
        "from dataclasses import replace\n"
        "from gxarena.api import Quantity, Scored, SetScored\n"
        "class Metric:\n"
        "    quantities = {'': Quantity('higher')}\n"
        "    def score(self, explained, probe):\n"
        "        return Scored({'': np.array([a.scores.sum() for a in explained.attributions])})\n"
        "    def score_set(self, explained):\n"
        "        return SetScored({'': 1000.0})\n"
        "class Nothing:\n"
        "    def project(self, attribution, onto):\n"
        "        return replace(attribution, scores=0 * attribution.scores)\n"
    )
    site.edit(
        "stale_plugin.py",
        "def describe",
        "@hookimpl\ndef gxarena_metrics():\n"
        "    yield Component('asked', 'stale_asked:Metric', '', provides=frozenset({'sample'}))\n"
        "@hookimpl\ndef gxarena_aggregators():\n"
        "    yield Component('nothing', 'stale_asked:Nothing', '', provides=frozenset())\n"
        "def describe",
    )
    site.changes = {"matrix": [BLOCK | {"metrics": ["asked"], "aggregators": ["nothing"]}]}
    (native,) = _values(site.run("run"))
    assert native > 0
    site.edit("stale_plugin.py", "frozenset())", "frozenset({'refine'}))")
    assert _values(site.run("run")) == [0.0]
    site.edit("stale_plugin.py", "{'sample'}", "{'set'}")
    assert _values(site.run("run")) == [1000.0]


@pytest.fixture
def hub(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """An empty cache of the hub; called with a model's id, the suite explains that."""
    monkeypatch.setenv("HF_HUB_CACHE", str(site.root / "cache"))

    def use(checkpoint: str) -> None:
        site.changes = {
            "models": {"stale-hub": {"checkpoint": checkpoint}},
            "matrix": [BLOCK | {"models": ["stale-hub"]}],
        }

    return use


def test_a_model_of_the_hub_is_known_by_its_commit_from_the_first_run(
    site: Site, hub: Callable[[str], None]
) -> None:
    hub("owner/name")
    planned = site.plan()
    before = run(planned, site.root / "run")
    assert (before.statuses, before.reused) == ({"ok": 1}, 0)
    (row,) = pq.read_table(site.root / "run" / "cells.parquet").to_pylist()
    (cell,) = site.plan().cells
    assert row["cell_id"] == cell.id != planned.cells[0].id
    assert site.run("run").reused == 1
    # The hub has another by the time that its cache is emptied.
    shutil.rmtree(site.root / "cache")
    site.edit("hub.txt", "1.0", "3.0")
    after = site.run("run")
    assert after.reused == 0
    assert _values(before) != _values(after) == _values(site.run("fresh"))


def test_a_model_of_the_hub_that_is_out_of_reach_fails_its_cells_alone(
    site: Site, hub: Callable[[str], None]
) -> None:
    hub("owner/name")
    (site.root / "hub.txt").rename(site.root / "away.txt")
    both = {"matrix": [BLOCK | {"models": ["stale-hub", "stale-model"]}]}
    site.changes |= both
    summary = site.run("run")
    assert summary.statuses == {"error": 1, "ok": 1}
    (site.root / "away.txt").rename(site.root / "hub.txt")
    assert site.run("run").statuses == {"ok": 2}


def test_an_id_without_owner_is_known_by_its_commit_too(
    site: Site, hub: Callable[[str], None]
) -> None:
    """Any word could be one before it is downloaded: the first run asks for another."""
    hub("name")
    assert site.run("run").statuses == {"error": 1}
    (row,) = pq.read_table(site.root / "run" / "cells.parquet").to_pylist()
    assert row["error_message"].endswith("Run the same command again.")
    before = _values(site.run("run"))
    assert site.run("run").reused == 1
    site.edit("cache/models--name/refs/main", "1.0", "3.0")
    assert before != _values(site.run("run")) == _values(site.run("fresh"))


IMPORTED = ["stalepack/rows.py", "stalepack/table.csv", "stale_sibling.py"]


@pytest.mark.parametrize("file", IMPORTED)
def test_what_this_process_imported_before_an_edit_is_refused(site: Site, file: str) -> None:
    """A notebook runs, edits the plugin's file, and runs again."""
    before = _values(site.run("run"))
    site.edit(file, "1.0", "3.0")
    with pytest.raises(InputError, match=rf"{file}: expected the file as this process read it"):
        site.run("run", anew=False)
    with pytest.raises(InputError, match="Restart the process"):
        site.plan(anew=False)
    assert before != _values(site.run("run")) == _values(site.run("fresh"))


def test_an_edit_taken_back_is_none(site: Site) -> None:
    site.run("run")
    site.edit("stalepack/rows.py", "1.0", "3.0")
    site.edit("stalepack/rows.py", "3.0", "1.0")
    assert site.run("run", anew=False).reused == 1


def test_what_is_not_in_memory_may_be_edited(site: Site) -> None:
    """Neither what was planned only, nor what another process runs, was imported."""
    site.plan()
    site.edit("stalepack/rows.py", "1.0", "3.0")
    before = _values(site.run("run", anew=False))
    site.edit("stalepack/worker.py", "1.0", "3.0")
    after = _values(site.run("run", anew=False))
    assert before != after == _values(site.run("fresh"))


MEANWHILE: dict[str, tuple[str, list[str]]] = {
    # The package is the model's too.
    "code of the explainer": ("stalepack/rows.py", []),
    "a file that the explainer reads": ("scores.txt", ["predictions"]),
    "a file that the model reads": ("weights/sub/bias.txt", []),
}


@pytest.mark.parametrize(("file", "kept"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_changed_between_planning_and_working_is_not_kept(
    site: Site, file: str, kept: list[str]
) -> None:
    site.changes = {
        "explainers": {"stale": {"path": "scores.txt"}},
        "models": {"stale-model": {"folder": "weights"}},
    }
    made = site.plan()
    site.edit(file, "1.0", "3.0")
    summary = run(made, site.root / "run")
    assert summary.statuses == {"error": 1}
    store = site.root / "run" / "store"
    assert sorted({path.parts[-3] for path in store.rglob("*.parquet")}) == kept
    (row,) = pq.read_table(site.root / "run" / "cells.parquet").to_pylist()
    assert "so that nothing of it was kept" in row["error_message"]
    assert _values(site.run("run")) == _values(site.run("fresh"))


def test_a_metric_that_changed_meanwhile_is_not_kept(site: Site) -> None:
    (site.root / "stale_metric.py").write_text(
        "import numpy as np\n"
        "from gxarena.api import Quantity, Scored\n"
        "class Metric:\n"
        "    quantities = {'': Quantity('higher')}\n"
        "    def score(self, explained, probe):\n"
        "        return Scored({'': np.full(len(explained), 1.0)})\n"
    )
    site.edit(
        "stale_plugin.py",
        "def describe",
        "@hookimpl\ndef gxarena_metrics():\n"
        "    yield Component('one', 'stale_metric:Metric', '', provides=frozenset({'sample'}))\n"
        "def describe",
    )
    site.changes = {"matrix": [BLOCK | {"metrics": ["one"]}]}
    made = site.plan()
    site.edit("stale_metric.py", "1.0", "3.0")
    assert run(made, site.root / "run").statuses == {"error": 1}
    assert _values(site.run("run")) == [3.0]


SHARING = """
import numpy as np
from gxarena.api import Quantity, Scored

class Metric:
    quantities = {"": Quantity("higher")}

    def score(self, explained, probe):
        answers = probe.shared(
            {},
            ids=[sample.id for sample in explained.samples],
            spans=[one.spans for one in explained.attributions],
            compute=lambda door: 1.0 * door.predict(["A" + s for s in explained.sequences]),
        )
        return Scored({"": answers.sum(axis=1)})
"""
SHARED_EDITS: dict[str, Callable[[Site], None]] = {
    "the model": EDITS["the model"],
    "a file of the model's weights": EDITS["a file of the model's weights"],
    "the metric": lambda site: site.edit("stale_metric.py", "1.0 *", "3.0 *"),
    "the data": lambda site: site.edit("data.csv", "TTGACA", "TAGACA"),
}


@pytest.fixture
def sharing(site: Site) -> Site:
    """A metric that names nothing of what its answers depend on."""
    (site.root / "stale_metric.py").write_text(SHARING)
    site.edit(
        "stale_plugin.py",
        "def describe",
        "@hookimpl\ndef gxarena_metrics():\n"
        "    yield Component('sharing', 'stale_metric:Metric', '',\n"
        "        provides=frozenset({'sample'}), requires=frozenset({'probe'}))\n"
        "def describe",
    )
    site.changes = {
        "explainers": {"stale": {"path": "scores.txt"}},
        "models": {"stale-model": {"folder": "weights"}},
        "matrix": [BLOCK | {"metrics": ["sharing"]}],
    }
    return site


@pytest.mark.parametrize("edit", SHARED_EDITS.values(), ids=SHARED_EDITS)
def test_what_explainers_share_is_asked_anew_after_an_edit(
    sharing: Site, edit: Callable[[Site], None]
) -> None:
    before = _values(sharing.run("run"))
    edit(sharing)
    resumed = _values(sharing.run("run"))
    assert resumed == _values(sharing.run("fresh"))
    assert resumed != before


def test_what_explainers_share_outlives_an_edit_of_one(sharing: Site) -> None:
    def forwards() -> list[int]:
        table = pq.read_table(sharing.root / "run" / "cells.parquet")
        return table["forwards"].to_pylist()  # type: ignore[no-any-return]

    before = _values(sharing.run("run"))
    assert forwards() == [2]
    sharing.edit("scores.txt", "1.0", "3.0")
    assert _values(sharing.run("run")) == before
    assert forwards() == [0]


@pytest.mark.parametrize("file", ["weights/sub/bias.txt", "stale_metric.py"])
def test_what_explainers_share_is_not_kept_of_what_changed_meanwhile(
    sharing: Site, file: str
) -> None:
    made = sharing.plan()
    stages = Stages(made, Store(sharing.root / "store"))
    sharing.edit(file, "1.0", "3.0")
    share = stages.share("mine", "stale-model", "sharing")
    with pytest.raises(InputError, match="so that nothing of it was kept"):
        share("[]", lambda: np.zeros(2))
    assert not list((sharing.root / "store").rglob("*.parquet"))


SWAPPED: dict[str, dict[str, Any]] = {
    "scores.txt": {"explainers": {"stale": {"path": "scores.txt"}}},
    "weights/sub/bias.txt": {"models": {"stale-model": {"folder": "weights"}}},
}


@pytest.mark.parametrize("name", SWAPPED)
def test_what_was_read_while_another_file_lay_there_is_let_go_of(site: Site, name: str) -> None:
    """The file is swapped after the plan, and put back as soon as a cell says so."""
    (site.root / "data2.csv").write_text("sequence\nACGTACAA\nTTGACATT\n")
    site.changes = SWAPPED[name] | {
        "datasets": {"mine": {"path": "data.csv"}, "two": {"path": "data2.csv"}},
        "matrix": [BLOCK | {"datasets": ["mine", "two"]}],
    }
    made = site.plan()
    site.edit(name, "1.0", "3.0")

    def put_back(_cell: object, status: str, _message: str) -> None:
        if status == "error" and "3.0" in (site.root / name).read_text():
            site.edit(name, "3.0", "1.0")

    run(made, site.root / "run", report_cell=put_back)
    assert _values(site.run("run")) == _values(site.run("fresh"))


@pytest.mark.parametrize(
    "edits",
    [
        [
            ('path=""', "path=DEFAULT"),
            ("class Explainer", 'DEFAULT = "scores.txt"\nclass Explainer'),
        ],
        [('path=""', 'path="scores.txt"'), ("class Explainer:", "class Base:")],
    ],
)
def test_a_default_path_that_is_a_constant_or_inherited_counts(
    site: Site, edits: list[tuple[str, str]]
) -> None:
    for old, new in edits:
        site.edit("stalepack/explainer.py", old, new)
    path = site.root / "stalepack" / "explainer.py"
    if "class Base" in path.read_text():
        path.write_text(path.read_text() + "\nclass Explainer(Base):\n    pass\n")
    before = _values(site.run("run"))
    site.edit("scores.txt", "1.0", "3.0")
    assert _values(site.run("run")) == _values(site.run("fresh")) != before
