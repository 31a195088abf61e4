"""A page of Markdown for each installed component, from what it says of itself."""

from __future__ import annotations

import inspect
import pydoc
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gxarena.capabilities import OF_MODELS
from gxarena.errors import GxarenaError
from gxarena.hookspecs import QUESTIONS
from gxarena.registry import Registered, Registry, signature

SINGULAR = {
    "models": "model",
    "explainers": "explainer",
    "aggregators": "aggregator",
    "metrics": "metric",
    "datasets": "data set",
    "engines": "engine",
}
"""What a component of a kind is called."""

WORKS_ON = {
    "sample": "each explanation",
    "pair": "each pair of explanations",
    "set": "all explanations of a data set together",
}
CARRIES = {"coarsen": "from nucleotides to tokens", "refine": "from tokens to nucleotides"}
NEEDS = {
    "probe": "asks the model further questions",
    "explainer": "asks the explainer again",
    "native": "reads raw attributions on the model's own units",
    "truth": "reads annotations: where the truth lies",
    "replicates": "compares the replicates of a model",
}


def component_page(found: Registered, registry: Registry, *, code: bool = True) -> str:
    """What a component is, what it needs, whom to cite, its parameters.

    Parameters
    ----------
    found : Registered
    registry : Registry
    code : bool
        Whether the page ends with a directive by which mkdocstrings adds the source's docstrings.
    """
    component = found.component
    parts = [
        f"# {component.name}",
        f"*{SINGULAR[found.kind].capitalize()} of {found.distribution} {found.version}.* "
        f"{_sentence(component.summary)}",
        _facts(found, registry),
        _parameters(found, registry),
    ]
    if code:
        target = component.target.replace(":", ".")
        parts.append(f"## Source\n\n::: {target}\n")
    return "\n\n".join(part for part in parts if part) + "\n"


def kind_page(kind: str, registry: Registry) -> str:
    """The components of a kind, one line each."""
    rows = [
        f"| [{one.name}]({one.name}.md) | {table_cell(one.summary)} | "
        f"{one.extra and f'`gxarena[{one.extra}]`'} |"
        for one in (found.component for found in registry.of_kind(kind))
    ]
    title = {"datasets": "Data sets"}.get(kind, kind.capitalize())
    return "\n".join(
        [f"# {title}", "", "| name | what it is | extra |", "| --- | --- | --- |", *rows, ""]
    )


def _facts(found: Registered, registry: Registry) -> str:
    component = found.component
    lines = [
        ("Cite", component.citation),
        ("Install", component.extra and f"`pip install 'gxarena[{component.extra}]'`"),
        ("Role", "" if component.role == "method" else f"{component.role}: a yardstick"),
        ("Asks", QUESTIONS.get(component.question, "")),
        ("Works on", _phrases(component.provides, WORKS_ON)),
        ("Carries scores", _phrases(component.provides, CARRIES)),
        ("Can do", _said(component.provides, registry) if found.kind == "models" else ""),
        ("Needs", _said(component.requires, registry)),
        ("Here", registry.status(found)),
    ]
    return "\n".join(f"- **{name}**: {text}" for name, text in lines if text)


def _said(capabilities: Iterable[str], registry: Registry) -> str:
    known = {**OF_MODELS, **NEEDS, **registry.phrases}
    return "; ".join(f"`{one}`: {known.get(one, one)}" for one in sorted(capabilities))


def _phrases(capabilities: Iterable[str], words: dict[str, str]) -> str:
    return " and ".join(words[one] for one in sorted(capabilities) if one in words)


def _parameters(found: Registered, registry: Registry) -> str:
    """The factory's parameters with their defaults, as a suite gives them."""
    try:
        factory = registry.factory(found.kind, found.component.name)
        taken, said = signature(factory), parameters_in_words(factory)
    except GxarenaError as error:
        return f"Parameters cannot be listed here: {error}"
    presets = found.component.defaults
    given, others = [], False
    for name, parameter in taken.parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            others = True
        else:
            given.append((f"`{name}`", _default(presets.get(name, parameter.default)), name))
    if others:  # `**name`, or what that stands for
        named = [name for name in said if name not in {*taken.parameters, "registry"}]
        given += [("others" if "*" in name else f"`{name}`", "", name) for name in named]
    if not given:
        return ""
    where = "in `--engine`" if found.kind == "engines" else "in a suite"
    rows = [
        f"| {shown} | {default} | {table_cell(said.get(name, ''))} |"
        for shown, default, name in given
    ]
    head = ["## Parameters", "", f"| {where} | default | what it is |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows])


_ELSEWHERE = re.compile(r"(?:See|As for) `(?P<what>[\w.]+)`[.;,]? ?")
"""How a docstring begins that leaves a parameter's words to another class."""
_SECTION = re.compile(r"^Parameters\n-+\n(?P<text>.*?)(?=^\S[^\n]*\n-+\n|\Z)", re.S | re.M)
_ENTRY = re.compile(
    r"^(?P<names>\*{0,2}\w+(?:, \w+)*)(?: : (?P<type>[^\n]*))?\n"
    r"(?P<text>(?:[ \t]+[^\n]*\n|\n)*)",
    re.M,
)


def parameters_in_words(factory: Callable[..., Any]) -> dict[str, str]:
    """What docstrings say of a factory's parameters, and what may be given where few things."""
    found: dict[str, tuple[str, str]] = {}
    for documented in factory.__mro__[:-1] if inspect.isclass(factory) else (factory,):
        section = _SECTION.search((inspect.getdoc(documented) or "") + "\n")
        for entry in _ENTRY.finditer(section["text"] if section else ""):
            # A type that quotes is of a few words.
            few = entry["type"] if entry["type"] and '"' in entry["type"] else ""
            said = " ".join(f"{few and few + '. '}{entry['text']}".split())
            for name in entry["names"].split(", "):
                found.setdefault(name, (said, documented.__module__))
    told: dict[str, str] = {}
    for name, (said, module) in found.items():
        told |= _told(name, said, module)
    for name, choices in _choices(factory).items():
        if not told.get(name, "").startswith('"'):
            one_of = f"One of {', '.join(f'`{one!r}`' for one in choices)}."
            told[name] = f"{told.get(name, '')} {one_of}".strip()
    return told


def _told(name: str, said: str, module: str) -> dict[str, str]:
    """A parameter's words, or those of the class that they are left to: of all for ``**name``."""
    elsewhere = _ELSEWHERE.match(said)
    what = elsewhere and (
        getattr(sys.modules[module], elsewhere["what"], None) or pydoc.locate(elsewhere["what"])
    )
    if not (elsewhere and callable(what)):
        return {name: said}
    words, further = parameters_in_words(what), said[elsewhere.end() :]
    names = words if name.startswith("**") else [name]
    return {one: f"{words.get(one, '')} {further}".strip() for one in names}


def _choices(factory: Callable[..., Any]) -> dict[str, tuple[Any, ...]]:
    """Values of parameters that take some alone, by their annotation."""
    try:
        hints = get_type_hints(factory.__init__ if inspect.isclass(factory) else factory)
    except (AttributeError, NameError, TypeError):  # of names that are there for typing alone
        return {}
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}


def _default(value: object) -> str:
    return "must be given" if value is inspect.Parameter.empty else f"`{table_cell(repr(value))}`"


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def table_cell(text: str) -> str:
    """Text that stays in its cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
