"""What every data set promises."""

from __future__ import annotations

import functools

from gxarena.datasets.dataset import Dataset
from gxarena.dna import ALPHABET, UNKNOWN
from gxarena.testing import state
from gxarena.testing.checks import Failed, check
from gxarena.testing.subjects import Subject


@check("datasets")
def samples_are_well_formed(subject: Subject) -> str:
    """A Dataset of upper-case ACGTN, with whole-number labels and annotations inside."""
    dataset = _dataset(subject)
    for one in dataset.samples:
        if not one.sequence or set(one.sequence) - set(ALPHABET + UNKNOWN):
            raise Failed(
                f"sample '{one.id}' of upper-case ACGTN",
                f"'{one.sequence[:20]}'",
                "Convert case, and what is no nucleotide to N.",
            )
        if one.label is not None and (not isinstance(one.label, int) or one.label < 0):
            raise Failed(
                f"sample '{one.id}' with a label from 0",
                f"{one.label!r}",
                "Number the classes from 0.",
            )
        for interval in one.annotations:
            if not 0 <= interval.start < interval.end <= len(one.sequence):
                raise Failed(
                    f"annotations within {len(one.sequence)} nucleotides of '{one.id}'",
                    f"[{interval.start}, {interval.end})",
                    "Count from 0, end exclusive, and clip.",
                )
    annotated = "annotated" if dataset.annotated else "without annotations"
    return f"{len(dataset.samples)} samples, {annotated}"


@check("datasets")
def made_again_it_is_the_same(subject: Subject) -> None:
    """The same parameters give the same ids, sequences, labels and annotations."""
    first = _dataset(subject).digest
    if (again := subject.fresh().digest) != first:
        raise Failed(
            f"digest {first[:8]} again",
            again[:8],
            "Draw from numpy.random.default_rng(seed), and sort what lists files.",
        )


@check("datasets")
def the_process_stays(subject: Subject) -> None:
    """Generators, default types, threads, environment and working directory are as before."""
    settings = state.of_settings()
    _dataset(subject)
    has_set = subject.has_set.union(state.changed(settings, state.of_settings()))
    state.stir()
    before = state.of_process()
    subject.fresh()
    state.process_kept(before, has_set)


@functools.singledispatch
def _checked(made: object) -> Dataset:
    raise Failed(
        "a gxarena.Dataset", f"a {type(made).__name__}", "Return Dataset(name, tuple of Sample)."
    )


@_checked.register
def _(made: Dataset) -> Dataset:
    return made


def _dataset(subject: Subject) -> Dataset:
    return _checked(subject.made)
