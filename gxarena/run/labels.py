"""The labels of a run's samples: its tables do not hold them, its data sets do."""

from __future__ import annotations

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.data import chosen_dataset
from gxarena.run.suite import Suite


def labels_of_run(run: RunResults, registry: Registry) -> dict[str, dict[str, int | None]]:
    """Each data set's labels by sample id, by the data set's digest; it is opened again.

    Raises
    ------
    InputError
        A data set is not there, or not what it was when it was run.
    """
    suite = Suite.model_validate(run.record.document)
    found: dict[str, dict[str, int | None]] = {}
    for row in run.last_rows():
        digest, label = row["dataset_digest"], row["dataset"]
        if digest in found:
            continue
        where = f"{run.path}, dataset '{label}'"
        dataset = chosen_dataset(suite, registry, label, where, limit=row["n_samples"])
        if dataset.digest != digest:
            raise InputError(
                f"{where}: expected the samples that were run, got others of the same name. Open "
                "it where and as it was when the suite ran."
            )
        found[digest] = {sample.id: sample.label for sample in dataset.samples}
    return found
