"""Room for addresses: a limit of some machines' under which nothing that explains can work."""

from __future__ import annotations

from gxarena.errors import InputError

LEAST = 1 << 30
"""Bytes; torch alone takes more."""


def check_address_space() -> None:
    """Refuse a limit under which no library loads, and Python waits for ever for its threads.

    Raises
    ------
    InputError
        The system gives this process too little.
    """
    try:
        import resource
    except ImportError:  # where there is no such limit
        return
    given, _ = resource.getrlimit(resource.RLIMIT_AS)
    if given != resource.RLIM_INFINITY and given < LEAST:
        raise InputError(
            f"this machine: expected room for 1 GiB of addresses, got {given / 2**30:.2g}. "
            "Raise the limit (ulimit -v)."
        )
