"""The keys of each stage's results and of cells: a hash of all that could change them.

Each stage's key digests its own settings, the identity of the components that work in it
(`gxarena.identity`) and the key of its input. So a new metric never re-explains, a new aggregator
never re-attributes, an edited explainer re-runs just what depends on it; and what two keys have in
common is found under either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gxarena.identity import digest


def predict_key(data: str, model: str) -> str:
    """The key of a model's predictions.

    Parameters
    ----------
    data : str
        Digest of the samples.
    model : str
        The model's identity: code, parameters, weights.
    """
    return digest(["predict", data, model])


def explain_key(
    predict: str,
    explainer: str,
    *,
    objective: str,
    target: str | int,
    seed: int,
    replicate: int = 0,
) -> str:
    """The key of an explainer's attributions.

    Parameters
    ----------
    predict : str
        Key of the predictions that are explained: data and model.
    explainer : str
        The explainer's identity.
    objective, target, seed
        The suite's: what of the outputs is explained, which output, whose random numbers.
    replicate : int
        Position of the weights among the model's replicates: each draws its own random numbers.
    """
    drawn = [objective, target, seed, *([replicate] if replicate else [])]
    return digest(["explain", predict, explainer, drawn])


def asker_key(predict: str, metric: str, *, objective: str, target: str | int, seed: int) -> str:
    """What the keys of all answers begin with that a metric gets of a model whoever explains it.

    Parameters
    ----------
    predict : str
        Key of the predictions: data and model.
    metric : str
        The metric's identity.
    objective, target, seed
        The suite's.
    """
    return digest(["shared", predict, metric, [objective, target, seed]])


def shared_key(asker: str, question: str) -> str:
    """The key of what a metric asks a model whoever explains it.

    Parameters
    ----------
    asker : str
        See `asker_key`: by it is known whose answers they are, whatever was asked.
    question : str
        All else that decides the answers: settings, samples, units.
    """
    return asker + digest(question)


def cell_id(
    labels: Sequence[object],
    *,
    explain: str,
    against: Sequence[str] = (),
    aggregator: str,
    projects: Collection[str] = (),
    onto: str = "",
    metric: str,
    scope: str = "sample",
    unsupported: str = "",
) -> str:
    """The key of a cell's result, under which it is found again.

    Parameters
    ----------
    labels : sequence
        What the cell is called: suite, data set, model, explainer, ...
    explain : str
        Key of the attributions that are scored.
    against : sequence of str
        Keys of those that they are compared with; empty where a metric compares nothing.
    aggregator, metric : str
        Identities.
    projects : collection of str
        Whether the aggregator is declared to coarsen or to refine.
    onto : str
        Key of the predictions whose tokens the aggregator goes to (the suite's partition); empty
        where it goes to none.
    scope : str
        What the metric is declared to give a number for, which decides how it is asked.
    unsupported : str
        Why the combination cannot work, as this plan finds. An earlier plan's "unsupported" is
        never taken over: where the reason is gone, or is another, so is the key.
    """
    projected = [aggregator, sorted(projects), onto]
    scored = [metric, scope]
    return digest(["cell", list(labels), explain, list(against), projected, scored, unsupported])
