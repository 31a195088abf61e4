"""A complete little package with one component, which works at once: `gxarena new`."""

from __future__ import annotations

import importlib.util
import keyword
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gxarena import __version__
from gxarena.errors import InputError, check_at_least, check_choice
from gxarena.files import write_bytes, write_text

TEMPLATES = Path(__file__).parent / "templates"

SUMMARIES = {
    "explainer": "drop of the output while a unit is unknown",
    "model": "a classifier by how well a motif fits",
    "metric": "share of the strongest unit",
    "aggregator": "nucleotide to token: the strongest nucleotide's score",
    "dataset": "random sequences, every second one with an annotated motif",
}
"""What the example of each kind is."""

WITH_TORCH = {
    "explainer": "gradient times input",
    "model": "a convolutional network, trained to tell fly promoters",
}
"""What it is of kinds that have one with PyTorch too."""

BUNDLED_LENGTH = 250
"""Nucleotides of each of the fly promoters, on which the network is trained."""

SHORTEST = 25
"""What the example's network pools at a time."""

WEIGHTS = "weights.safetensors"
"""Of the network, in its package: what its `make_weights.py` trains."""

_OF_PLAIN_MODELS = 200

_NAME = re.compile(r"[a-z]([a-z0-9_-]*[a-z0-9])?")  # what pip takes for a project's name


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


@dataclass(frozen=True)
class Scaffold:
    """What a new package is called.

    Attributes
    ----------
    kind : str
        "explainer", "model", "metric", "aggregator" or "dataset".
    name : str
        Of the component and its distribution.
    torch : bool
        Explainers and models: whether the example computes with PyTorch.
    input_length : int
        Nucleotides that a model's network reads.
    """

    kind: str
    name: str
    torch: bool = False
    input_length: int = BUNDLED_LENGTH

    def __post_init__(self) -> None:
        check_choice("new, kind", self.kind, SUMMARIES)
        if not _NAME.fullmatch(self.name) or keyword.iskeyword(self.package):
            raise InputError(
                "new, name: expected lower-case letters, digits, '-' and '_', a letter first and "
                f"a letter or digit last, got '{self.name}'."
            )
        if _installed(self.name):
            raise InputError(
                f"new, name: expected one that no installed distribution has, got '{self.name}', "
                "which pip would replace. Choose another."
            )
        if importlib.util.find_spec(self.package) is not None:
            raise InputError(
                f"new, name: expected one that no installed module has, got '{self.name}', whose "
                f"package would hide '{self.package}'. Choose another."
            )
        if self.torch and self.kind not in WITH_TORCH:
            raise InputError(f"new, --torch: expected an explainer or a model, got '{self.kind}'.")
        if self.input_length != BUNDLED_LENGTH and not self.network:
            raise InputError("new, --input-length: expected a model with --torch, got another.")
        check_at_least("new, --input-length", self.input_length, SHORTEST)

    @property
    def package(self) -> str:
        """The importable package."""
        return self.name.replace("-", "_")

    @property
    def factory(self) -> str:
        """The class, or of a data set and a network the function."""
        if self.kind == "dataset" or self.network:
            return self.package
        return "".join(part.capitalize() for part in self.package.split("_"))

    @property
    def network(self) -> bool:
        """Whether it is a model of a torch network, with weights."""
        return self.torch and self.kind == "model"

    @property
    def files(self) -> dict[str, str]:
        """The template of each file of the package; what is no Jinja template is copied."""
        src = f"src/{self.package}"
        of_a_network = {
            "make_weights.py": "make_weights.py.jinja",
            f"{src}/describe.py": "src/describe.py.jinja",
            f"{src}/model.py": "src/network_model.py.jinja",
            f"{src}/network.py": "src/network.py.jinja",
            f"{src}/{WEIGHTS}": WEIGHTS,
        }
        return {
            "pyproject.toml": "pyproject.toml.jinja",
            "README.md": "README.md.jinja",
            ".gitignore": "gitignore.jinja",
            ".github/workflows/tests.yml": "workflow.yml.jinja",
            "suite.toml": "suite.toml.jinja",
            f"{src}/__init__.py": "src/__init__.py.jinja",
            f"{src}/plugin.py": "src/plugin.py.jinja",
            f"{src}/{self.kind}.py": f"src/{self.kind}.py.jinja",
            # Named after the package: of two packages side by side pytest collects both.
            f"tests/test_{self.package}.py": "tests/test_own.py.jinja",
            f"tests/test_{self.package}_conformance.py": "tests/test_conformance.py.jinja",
        } | (of_a_network if self.network else {})

    @property
    def _data(self) -> dict[str, object]:
        """What a model is tried on; where it reads less than there is, windows of that."""
        length = self.input_length if self.network else _OF_PLAIN_MODELS
        windows = self.kind == "model" and length < BUNDLED_LENGTH
        dataset = f"fly-{length}" if windows else "fly-promoters"
        return {"input_length": length, "windows": windows, "dataset": dataset}

    def write(self, into: Path) -> Path:
        """Write the package as a folder of its name in `into`; returns that folder.

        Raises
        ------
        InputError
            There is something of that name, which is not written over.
        """
        folder = into / self.name
        if folder.exists():
            raise InputError(f"{folder}: expected nothing there, got something. Choose --into.")
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=False,  # noqa: S701 (Python and TOML; the name is checked)
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        summary = (WITH_TORCH if self.torch else SUMMARIES)[self.kind]
        context = {
            "kind": self.kind,
            "name": self.name,
            "package": self.package,
            "factory": self.factory,
            "summary": summary,
            "a_kind": f"{'An' if self.kind[0] in 'ae' else 'A'} {self.kind}",
            "torch": self.torch,
            "network": self.network,
            **self._data,
            "weights": WEIGHTS,
            "version": __version__,
        }
        for path, template in self.files.items():
            if template.endswith(".jinja"):
                write_text(folder / path, environment.get_template(template).render(context))
            else:
                write_bytes(folder / path, (TEMPLATES / template).read_bytes())
        return folder
