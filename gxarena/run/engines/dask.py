"""Engine ``dask:ADDRESS``: the workers of a Dask cluster."""

from __future__ import annotations

from gxarena.engine import Engine
from gxarena.errors import InputError, MissingExtra


def dask(argument: str, workers: int | None) -> Engine:
    """Connect to the scheduler at an address, such as ``tcp://127.0.0.1:8786``.

    Parameters
    ----------
    argument : str
        What follows the colon: the scheduler's address.
    workers : int, optional
        How many tasks it has at a time, by ``--workers``; as many as its workers have
        threads where not given.

    Raises
    ------
    MissingExtra
        Dask is not installed.
    InputError
        Nobody answers at the address.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "engine 'dask': expected module 'distributed' to be installed. "
            "pip install 'gxarena[dask]'"
        ) from error
    if not argument:
        raise InputError(
            "--engine dask: expected a scheduler's address, got none. Write "
            "dask:tcp://127.0.0.1:8786, say."
        )
    try:
        client = Client(argument, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"--engine dask: expected a Dask scheduler at {argument}, got '{error}'."
        ) from error
    threads = sum(client.nthreads().values())
    if not threads:
        client.close()
        raise InputError(
            f"--engine dask: expected workers at {argument}, got none. Start some with "
            f"`dask worker {argument}`."
        )
    return Engine(
        client.get_executor(pure=False), workers or threads, client.dashboard_link, client.close
    )
