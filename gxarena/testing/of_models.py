"""What every model promises."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from gxarena.api import DifferentiableModel, MaskableModel, RandomisableModel
from gxarena.data import Floats, Sample
from gxarena.dna import reverse_complement
from gxarena.errors import MissingExtra, Unsupported
from gxarena.run.choices import facts
from gxarena.run.contracts import checked_predictions
from gxarena.testing import state
from gxarena.testing.checks import Failed, Skipped, check
from gxarena.testing.inputs import altered, annotated_samples
from gxarena.testing.subjects import Subject, Tried

CLOSE = 1e-4
"""Relative to the largest output: what batches may change in a network's last bits."""

STEP = 0.02
"""Of a finite difference, relative to the embeddings' size: float32 allows no smaller one."""

AGREES = 0.05
"""Relative gap between a gradient and a finite difference: the kinks of ReLUs account for it."""


@check("models")
def outputs_are_well_formed(subject: Subject) -> str:
    """predict gives one finite row of n_outputs numbers a sequence; spans tile each sequence."""
    checked_predictions(subject.made, _samples(subject), subject.choice)
    if subject.made.n_outputs > 1:
        return ""
    return (
        "one output x: nothing in probabilities has a value; a classifier hands out [0, x], "
        "torch.nn.functional.pad(x, (1, 0))"
    )


@check("models")
def outputs_are_always_the_same(subject: Subject) -> None:
    """Asked again, and made again, it gives the same outputs."""
    sequences = _sequences(subject)
    first, again = subject.made.predict(sequences), subject.made.predict(sequences)
    remedy = "Put the network into evaluation mode; load weights instead of drawing them."
    if not np.array_equal(first, again):
        raise Failed("the same outputs when asked again", _apart(first, again), remedy)
    _compare(first, subject.fresh().predict(sequences), "the same outputs of another one", remedy)


@check("models")
def batches_do_not_matter(subject: Subject) -> None:
    """An output does not depend on the batch's size, its order, or what else is in it."""
    sequences = _sequences(subject)
    together = subject.made.predict(sequences)
    alone = np.concatenate([subject.made.predict([one]) for one in sequences])
    remedy = "Mask what is padded, and normalise by no statistics of the batch."
    _compare(together, alone, "the same outputs one by one", remedy)
    turned = subject.made.predict(sequences[::-1])[::-1]
    _compare(together, turned, "the same outputs in another order", remedy)


@check("models")
def padding_does_not_matter(subject: Subject) -> None:
    """A short sequence beside a much longer one has the output that it has alone."""
    short, *others = sorted(_sequences(subject), key=len)
    limit = min(subject.made.max_length or 160, 160)
    together = subject.made.predict([short, ("".join(others) * 4)[:limit]])[:1]
    _compare(
        subject.made.predict([short]),
        together,
        "the same output beside a longer one",
        "Mask what is padded.",
    )


@check("models")
def unknown_letters_are_read(subject: Subject) -> None:
    """Sequences with N have finite outputs and units that tile them."""
    unknown = [one[:3] + "NN" + one[5:] for one in _sequences(subject)]
    outputs = np.asarray(subject.made.predict(unknown))
    if not np.isfinite(outputs).all():
        raise Failed("finite outputs for N", "others", "Read N as a letter of no information.")
    for sequence, spans in zip(unknown, subject.made.spans(unknown), strict=True):
        if spans.length != len(sequence):
            raise Failed(
                f"units that tile {len(sequence)} nucleotides",
                f"{spans.length}",
                "Count N as a nucleotide.",
            )


@check("models")
def the_sequence_matters(subject: Subject) -> None:
    """Different sequences have different outputs."""
    outputs = np.asarray(subject.made.predict(_sequences(subject)))
    if len(np.unique(outputs, axis=0)) == 1:
        raise Failed("outputs that tell sequences apart", "one for all", "Check what is encoded.")


@check("models")
def the_process_stays(subject: Subject) -> None:
    """Generators, default types, threads, environment and working directory are as before."""
    settings = state.of_settings()
    subject.made.predict(_sequences(subject))
    has_set = subject.has_set.union(state.changed(settings, state.of_settings()))
    state.stir()
    before = state.of_process()
    subject.made.predict(_sequences(subject))
    if "randomisable" in subject.component.provides:
        subject.made.randomised(0)
    state.process_kept(before, has_set)


@check("models")
def facts_are_true(subject: Subject) -> None:
    """What `describe` tells planning is what the loaded model says."""
    if not subject.component.describe:
        if (limit := subject.made.max_length) is None:
            raise Skipped("it does not describe itself")
        raise Failed(
            f"describe to tell planning that it reads at most {limit} nucleotides",
            "none",
            f"Name in Component.describe a function that gives gxarena.Facts(max_length={limit}) "
            "and imports no torch.",
        )
    told = facts(subject.found, dict(subject.parameters))
    for name in ("max_length", "n_outputs"):
        said, true = getattr(told, name), getattr(subject.made, name)
        if said is not None and said != true:
            raise Failed(f"{name} {true} of describe", f"{said}", "Read it from the same file.")


@check("models")
def capabilities_have_their_methods(subject: Subject) -> None:
    """Each declared capability is there, and flags say what is declared."""
    needed = {
        "maskable": MaskableModel,
        "randomisable": RandomisableModel,
        "differentiable": DifferentiableModel,
    }
    provides = subject.component.provides
    for capability, protocol in needed.items():
        if capability in provides and not isinstance(subject.made, protocol):
            raise Failed(
                f"what {protocol.__name__} names, for '{capability}'",
                f"a {type(subject.made).__name__} without all of it",
                "See gxarena.api.",
            )
    for capability, flag in (("one-hot", "one_hot"), ("modular", "modular")):
        said = getattr(subject.made, flag, None)
        if said is not None and bool(said) != (capability in provides):
            lacks = getattr(subject.made, "lacks", {}).get(capability)
            raise Failed(
                f"{flag} to be {capability in provides}, as provides says",
                f"{said}{f', because {lacks}' if lacks else ''}",
                f"Mend {flag}, or '{capability}' in provides.",
            )


@check("models")
def masking_is_true(subject: Subject) -> None:
    """Masking no unit changes nothing; what is masked is hidden, and all that is not is read."""
    _needs(subject, "maskable")
    model, sequences = subject.made, _sequences(subject)
    spans = model.spans(sequences)
    remedy = "Replace exactly the units that are True in the mask by the model's unknown."
    nothing = [np.zeros(len(one), dtype=np.bool_) for one in spans]
    plain = model.predict(sequences)
    _compare(plain, model.predict_masked(sequences, nothing), "unmasked outputs", remedy)
    half = [(np.arange(len(one)) + row) % 2 == 0 for row, one in enumerate(spans)]
    masked = model.predict_masked(sequences, half)
    if np.array_equal(masked, plain):
        raise Failed("other outputs with every second unit masked", "the same", remedy)
    under = [altered(model, *each) for each in zip(sequences, half, strict=True)]
    _compare(
        masked,
        model.predict_masked(under, half),
        "the same outputs whatever letters are masked",
        remedy,
        float(np.abs(plain).max()),
    )
    beside = [altered(model, *each) for each in zip(sequences, (~m for m in half), strict=True)]
    if beside != sequences and np.array_equal(model.predict_masked(beside, half), masked):
        raise Failed("other outputs for other letters that are not masked", "the same", remedy)
    first, units = sequences[0], len(spans[0])
    others = [first[::-1], first.translate(str.maketrans("ACGT", "CATG"))]
    same = [first, *(o for o in others if model.spans([o])[0] == spans[0])]
    everything = [np.ones(units, dtype=np.bool_)] * len(same)
    hidden = model.predict_masked(same, everything)
    _compare(
        np.broadcast_to(hidden[:1], hidden.shape),
        hidden,
        "one output for all sequences that are wholly masked",
        remedy,
        float(np.abs(plain).max()),
    )


@check("models")
def gradients_are_true(subject: Subject) -> str:
    """Embedding leads to the same outputs, and gradients agree with finite differences."""
    _needs(subject, "differentiable")
    model, sequences = subject.made, _sequences(subject)
    encoded = model.encode(sequences)
    embedded = model.embed(encoded).detach()
    through = model.forward_embedded(embedded, encoded).detach().cpu().numpy()
    _compare(
        model.predict(sequences),
        through,
        "outputs of embeddings as of sequences",
        "Let predict and forward_embedded run the same network.",
    )
    reading = embedded.clone().requires_grad_()
    model.forward_embedded(reading, encoded)[:, -1].sum().backward(inputs=[reading])
    # Padding stays: among its equal positions a maximum has no gradient.
    inside = np.zeros(embedded.shape[:2], dtype=bool)
    for row, layout in enumerate(model.layouts(sequences)):
        inside[row, layout.units] = True
    rng, gaps = np.random.default_rng(0), []
    for _ in range(8):
        drawn = rng.standard_normal(embedded.shape) * inside[..., None]
        way = embedded.new_tensor(drawn) * STEP * embedded.abs().mean()
        up, down = (model.forward_embedded(embedded + s * way, encoded) for s in (0.5, -0.5))
        slope = (reading.grad * way).sum(dim=tuple(range(1, way.ndim))).cpu().numpy()
        rise = (up - down)[:, -1].detach().cpu().numpy()
        gaps.append(np.abs(slope - rise).max() / max(np.abs(rise).max(), 1e-12))
    gap = float(np.median(gaps))
    if gap > AGREES:
        raise Failed(
            "gradients as finite differences have them",
            f"a gap of {gap:.1%}",
            "Detach nothing between embeddings and outputs.",
        )
    return f"relative gap {gap:.2g}"


@check("models")
def drawing_anew_changes_everything(subject: Subject) -> None:
    """`randomised` draws each parameter anew, by its seed, and leaves the model as it is."""
    _needs(subject, "randomisable")
    model, sequences = subject.made, _sequences(subject)
    before, outputs = state.of_model(model), model.predict(sequences)
    copy, again, other = model.randomised(1), model.randomised(1), model.randomised(2)
    remedy = "See gxarena_torch.randomised."
    if state.changed(before, state.of_model(model)):
        raise Failed("the model as it was", "another", f"Draw in a deep copy. {remedy}")
    if np.array_equal(copy.predict(sequences), outputs):
        raise Failed("other outputs of the copy", "the model's own", remedy)
    if not np.array_equal(copy.predict(sequences), again.predict(sequences)):
        raise Failed("one copy for one seed", "two", f"Draw from the seed alone. {remedy}")
    if np.array_equal(copy.predict(sequences), other.predict(sequences)):
        raise Failed("another copy for another seed", "the same", remedy)
    for name, one in _parameters(model).items():
        kept = np.mean(one == _parameters(copy)[name])
        if kept > 0:
            raise Failed(f"every element of '{name}' drawn anew", f"{kept:.0%} kept", remedy)


@check("models")
def explainers_take_what_is_declared(subject: Subject) -> str:
    """Who asks for a capability of a plugin's own can explain the model that declares it."""
    registry, provides = subject.registry, subject.choice.provides
    own = {capability for capability in provides if ":" in capability}
    asking = [
        n for n in registry.names("explainers") if own & registry.get("explainers", n).requires
    ]
    if not asking:
        raise Skipped("it provides nothing of a plugin's own that an explainer asks for")
    for name in asking:
        on = Tried(subject.name, subject.made, provides)
        other = Subject(registry, registry.registered("explainers", name), on=on)
        try:
            other.explained_by(other.made, other.samples[:1])
        except MissingExtra:
            continue
        except Unsupported as error:
            raise Failed(
                f"'{name}' to explain it, since it provides {', '.join(sorted(own))}",
                f"a refusal: {str(error).rstrip('.')}",
                "Change the network as it says, or provide less.",
            ) from error
    return ", ".join(asking)


@check("models")
def time_and_strands_are_told(subject: Subject) -> str:
    """Seconds a sequence, and how far apart the outputs of a sequence and its other strand are."""
    sequences = _sequences(subject)
    start = time.perf_counter()
    forward = np.asarray(subject.made.predict(sequences))
    seconds = (time.perf_counter() - start) / len(sequences)
    backward = subject.made.predict([reverse_complement(one) for one in sequences])
    return f"{seconds:.2g} s a sequence; the other strand's outputs {_apart(forward, backward)}"


def _samples(subject: Subject) -> tuple[Sample, ...]:
    return annotated_samples(5, subject.made.max_length)


def _sequences(subject: Subject) -> list[str]:
    return [one.sequence for one in _samples(subject)]


def _needs(subject: Subject, capability: str) -> None:
    if capability not in subject.component.provides:
        raise Skipped(f"it does not provide '{capability}'")


def _parameters(model: Any) -> dict[str, Floats]:
    network = getattr(model, "network", None)
    named = getattr(network, "named_parameters", dict)
    return {name: one.detach().cpu().numpy() for name, one in dict(named()).items()}


def _apart(one: Floats, other: Floats) -> str:
    return f"up to {np.abs(np.asarray(one) - np.asarray(other)).max():.2g} apart"


def _compare(
    expected: Floats,
    got: Floats | Sequence[Sequence[float]],
    what: str,
    remedy: str,
    size: float | None = None,
) -> None:
    """Fail where they are apart by more than last bits of `size`, or of the largest expected."""
    one, other = np.asarray(expected), np.asarray(got)
    if one.shape != other.shape:
        raise Failed(what, f"shape {other.shape} for {one.shape}", remedy)
    if not np.abs(one - other).max() <= CLOSE * (np.abs(one).max() if size is None else size):
        raise Failed(what, f"others, {_apart(one, other)}", remedy)
