"""Suite files: what is to be compared, as TOML.

    name = "mine"
    target = "predicted"            # the output explained: predicted, label, or a number
    objective = "logit"             # logit, log_odds or probability
    partition = "dnabert2-mini"     # whose tokens `sum` and `mean` project onto
    headline = ["gini"]             # metrics shown first, as patterns; all where empty

    [datasets.fly]                  # an alias: a component (or a path) with parameters
    name = "fly-promoters"
    split = "test"
    n = 200                         # at most so many, class-balanced; also: labels = [1]
    kind = "promoters"              # for readers, where the data set does not say it itself

    [[matrix]]                      # product inside a block, union across blocks
    datasets = ["fly"]
    models = ["cnn", "dnabert2-mini"]
    explainers = ["lrp", "attnlrp", "random"]
    aggregators = ["native", "passed_on"]
    metrics = ["gini", "faithfulness"]

Every name in a block is an alias defined in the suite, or else the name of a component. What each
key means stands beside it below, as the field's description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gxarena.errors import InputError, suggest, unknown
from gxarena.files import shipped
from gxarena.objective import Objective
from gxarena.results.patterns import hopeless
from gxarena.validation import apply_change, read_toml, validated

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.+-]*$")]
Parameters = dict[str, Any]


def _checked(alias: Parameters) -> Parameters:
    if not isinstance(alias.get("name", ""), str):
        raise ValueError(f"name to be the text that a component is called, got {alias['name']!r}")
    for name, value in alias.items():
        for one in _leaves(value):
            if isinstance(one, date | time):
                raise ValueError(f"{name} to be no date or time, got {one}; text is in quotes")
    return alias


def _leaves(value: Any) -> Iterator[Any]:
    """What lists and tables are made of in the end."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


Alias = Annotated[Parameters, AfterValidator(_checked)]
Aliases = dict[Label, Alias]
KINDS = ("datasets", "models", "explainers", "aggregators", "metrics")
"""What a suite has aliases of."""


class Block(BaseModel):
    """One ``[[matrix]]``: the product of its lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    datasets: list[Label] = Field(min_length=1, description="Sequences to explain.")
    models: list[Label] = Field(min_length=1, description="Models whose outputs are explained.")
    explainers: list[Label] = Field(min_length=1, description="Who explains them.")
    aggregators: list[Label] = Field(
        default=["native"],
        min_length=1,
        description="On which units explanations are scored: the model's own (native), the tokens "
        "of the suite's partition (sum, mean) or nucleotides (passed_on, equally_distributed).",
    )
    metrics: list[Label] = Field(min_length=1, description="What is measured of each explanation.")
    against: list[str] = Field(
        default=[],
        description="Explanations that pair metrics compare with, each as model/explainer.",
    )


class Suite(BaseModel):
    """A suite file, validated; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Label = Field(description="What the suite is called in every result.")
    summary: str = Field(default="", description="What it asks, in one line.")
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**63,
        description="From which each sample's own seed at each stage is derived.",
    )
    target: Literal["predicted", "label"] | Annotated[int, Field(ge=0)] = Field(
        default="predicted",
        description="The output explained: the one predicted for the unperturbed sequence, that of "
        "the sample's label, or always the one of that number.",
    )
    objective: Objective = Field(
        default="logit",
        description="What of that output is explained: its logit, its logit against the others' "
        "(log_odds), or its probability.",
    )
    partition: str = Field(
        default="",
        description="The model whose tokens the aggregators sum and mean carry scores to; needed "
        "by them alone.",
    )
    headline: list[str] = Field(
        default=[],
        description="Metrics shown first, as patterns such as modisco*; all where empty.",
    )
    datasets: Aliases = Field(
        default={},
        description="Aliases of data sets: name (of a component) or path (of a FASTA, CSV, TSV or "
        "Parquet file), n (at most so many samples, classes balanced), labels (of these classes "
        "alone), kind (for readers, e.g. promoters), groups (chromosome or overlap: which samples "
        "are no independent evidence, told by ids such as chr2R:18229-18478), and the component's "
        "parameters or the file's column names.",
    )
    models: Aliases = Field(
        default={},
        description="Aliases of models: name (of a component) and its parameters; replicates (a "
        "list of checkpoints of one recipe, or how many of those that ship or were trained "
        "together), of which each is predicted and explained on its own.",
    )
    explainers: Aliases = Field(default={}, description="Aliases of explainers, likewise.")
    aggregators: Aliases = Field(default={}, description="Aliases of aggregators, likewise.")
    metrics: Aliases = Field(default={}, description="Aliases of metrics, likewise.")
    matrix: list[Block] = Field(
        min_length=1,
        description="Blocks of what is combined with what: the product inside a block, the union "
        "across blocks.",
    )

    def aliases(self, kind: str) -> Aliases:
        """The aliases of a kind of component."""
        found: Aliases = getattr(self, kind)
        return found


def shipped_suites() -> dict[str, Path]:
    """Suites that ship with gxarena, by name."""
    return {path.stem: path for path in sorted(shipped(".").glob("*.toml"))}


def find_suite(reference: str) -> Path:
    """The file of a suite given by path, or by the name of one that ships with gxarena."""
    path = Path(reference)
    if path.is_file():
        return path
    suites = shipped_suites()
    if reference in suites:
        return suites[reference]
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise InputError(f"{reference}: expected a suite file, found none at {path.absolute()}.")
    raise unknown("", reference, suites, what="suite")


def read_suite(reference: str, changes: Iterable[str] = ()) -> Suite:
    """Read a suite by path or name and apply ``--set key=value`` changes.

    Parameters
    ----------
    reference : str
        A path, or the name of a suite that ships with gxarena.
    changes : iterable of str
        Each ``key=value`` with a dotted key, e.g. ``datasets.fly.n=50``; the value is read as
        TOML where it is TOML, and as a plain string otherwise. ``models.cnn.replicates=1`` takes
        the first of those that the suite lists; with another ``matrix`` the headline is what it
        can mean there.
    """
    path, changes = find_suite(reference), tuple(changes)
    document = read_toml(path)
    listed = _replicates(document)
    written = {kind: set(_table(document, kind)) for kind in KINDS}
    for change in changes:
        apply_change(document, change)
    for label, asked in _replicates(document).items():
        # A number in place of a list takes the first of those listed.
        known = listed.get(label)
        if isinstance(known, list) and isinstance(asked, int) and 0 < asked <= len(known):
            document["models"][label]["replicates"] = known[:asked]
    suite = validated(Suite, document, path.name)
    changed = {change.partition("=")[0].strip() for change in changes}
    if "matrix" in changed and "headline" not in changed:
        suite = _of_its_headline_what_there_is(suite)
    for kind in KINDS:
        _check_named(suite, kind, written[kind])
    return suite


def _of_its_headline_what_there_is(suite: Suite) -> Suite:
    """The suite without those patterns of its headline that were for another matrix."""
    metrics = [label for block in suite.matrix for label in block.metrics]
    lost = hopeless(suite.headline, metrics)
    return suite.model_copy(update={"headline": [p for p in suite.headline if p not in lost]})


def _check_named(suite: Suite, kind: str, written: set[str]) -> None:
    """Refuse an alias that a change made and nothing names: it would change nothing."""
    pairs = [pair.partition("/") for block in suite.matrix for pair in block.against]
    named = {label for block in suite.matrix for label in getattr(block, kind)} | written
    if kind == "models":
        named |= {suite.partition, *(model for model, _, _ in pairs)} - {""}
    if kind == "explainers":
        named |= {explainer for _, _, explainer in pairs}
    for label in suite.aliases(kind).keys() - named:
        raise InputError(
            f"--set {kind}.{label}: expected one of the {kind} that the suite names, got none. "
            f"{suggest(label, named)}"
        )


def _replicates(document: dict[str, Any]) -> dict[str, Any]:
    """What each model's alias says of replicates, before anything is known to be valid."""
    aliases = _table(document, "models").items()
    return {k: v["replicates"] for k, v in aliases if isinstance(v, dict) and "replicates" in v}


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    return found if isinstance(found, dict) else {}
