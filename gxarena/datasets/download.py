"""Files from the network: resumed where they were cut off, checked, never there by half."""

from __future__ import annotations

import errno
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from gxarena.errors import InputError, StorageError
from gxarena.files import HOME, file_digest, git_digest

ATTEMPTS = 3
"""Failures in a row, none of which brought a byte, after which a download is given up."""

PAUSE = 0.5
"""Seconds before the second attempt, twice as many before the third."""

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as cut."""

_BLOCK = 1 << 20
_LOOK = 512
_PAGE = "a web page"
_PAGES = {"text/html", "application/xhtml+xml"}
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


def fetched(
    url: str, path: Path, *, sha256: str = "", git_sha1: str = "", offline: str = ""
) -> Path:
    """The file at `path`, downloaded from `url` unless it is there.

    What arrives goes to a hidden file beside `path`, which a later call continues; only a whole
    and checked one takes its place. Its digest is kept in ``<path>.sha256``, in the format of
    ``sha256sum``, and checked whenever the file is asked for again.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``.
    path : Path
    sha256, git_sha1 : str
        The digest that the file must have, where one is known: of its content, or git's. Without
        either, what comes must be as long as the server says, of one version, and no web page.
    offline : str
        A sentence that says what works without network; ends the error's.

    Raises
    ------
    InputError
        No network, no such file, an interruption that lasts, or another digest than expected.
    StorageError
        The folder cannot be written, or the disk is full.
    """
    if not path.is_file():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_name(f".{path.name}.lock")):
                # Another process may have brought it while this one waited.
                if not path.is_file():
                    _bring(url, path, sha256, git_sha1, offline)
        except OSError as error:
            raise StorageError(
                f"{path}: expected a folder to download into, got: {error.strerror or error}. "
                f"Choose another: {HOME}=FOLDER."
            ) from error
    check(path, sha256)
    return path


def check(path: Path, sha256: str = "") -> None:
    """InputError where a file has another digest than given, or than it had when it came."""
    recorded = _sidecar(path)
    expected = [sha256.lower()] if sha256 else []
    if recorded.is_file():
        noted = recorded.read_text(encoding="utf-8", errors="replace").split()[:1]
        if not noted:
            raise InputError(
                f"{path}: expected its SHA-256 in {recorded.name}, found none. Delete both and run "
                "the same command again to fetch it anew."
            )
        expected += noted
    if not expected:
        return
    found = file_digest(path)
    if wrong := [digest for digest in expected if digest != found]:
        raise InputError(
            f"{path}: expected SHA-256 {wrong[0]}, got {found}. Delete it and run the same "
            "command again to fetch it anew."
        )


def _bring(url: str, path: Path, sha256: str, git_sha1: str, offline: str) -> None:
    part = path.with_name(f".{path.name}.part")
    tag = path.with_name(f".{path.name}.etag")
    _receive(url, part, tag, offline)
    tag.unlink(missing_ok=True)
    found = file_digest(part)
    in_git = git_digest(part) if git_sha1 else ""
    for kind, wanted, got in (("SHA-256", sha256, found), ("git's SHA-1", git_sha1, in_git)):
        if wanted and got != wanted.lower():
            part.unlink()
            raise InputError(
                f"{url}: expected a file of {kind} {wanted.lower()}, got one of {got}, which was "
                f"not kept. {offline}".rstrip()
            )
    if not (sha256 or git_sha1) and _begins_like_a_page(part):
        part.unlink()
        raise InputError(
            f"{url}: expected data, got {_PAGE}, which was not kept. {offline}".rstrip()
        )
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    _sidecar(path).write_text(f"{found}  {path.name}\n", encoding="utf-8")
    part.replace(path)


def _receive(url: str, part: Path, tag: Path, offline: str) -> None:
    """Attempt after attempt until `part` is whole; every one continues the last."""
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{url}: expected an address http://… or https://….")
    failures = 0
    with _progress(part) as progress:
        while True:
            before = _size(part)
            try:
                reason = _attempt(url, part, tag, progress)
            except urllib.error.HTTPError as error:
                error.close()
                reason = f"HTTP status {error.code} ({error.reason})"
                if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    part.unlink()  # what is there is no beginning of what the server has
                elif error.code < 500 and error.code != http.HTTPStatus.TOO_MANY_REQUESTS:
                    failures = ATTEMPTS
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, OSError) and error.errno in _DISK:
                    raise
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            if not reason:
                return
            failures = 1 if _size(part) > before else failures + 1
            if failures >= ATTEMPTS:
                raise _not_downloaded(url, _size(part) if tag.is_file() else 0, reason, offline)
            time.sleep(PAUSE * failures)


def _not_downloaded(url: str, kept: int, reason: str, offline: str) -> InputError:
    resume = f" {kept} bytes are kept, and the same command continues there." if kept else ""
    return InputError(f"{url}: expected a download, got: {reason}.{resume} {offline}".rstrip())


def _attempt(url: str, part: Path, tag: Path, progress: Progress) -> str:
    """Receive what `part` lacks; why it is not whole yet, empty where it is."""
    if not (version := _begun(tag)):
        part.unlink(missing_ok=True)  # of which version it is the beginning nobody knows
    start = _size(part)
    headers = {"User-Agent": "gxarena", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        # Another version of the file is sent whole instead.
        headers["If-Range"] = version
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # scheme is checked
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if response.headers.get_content_type() in _PAGES:
            return _PAGE
        if resumed and (reason := _not_the_rest(response, start, version)):
            part.unlink()
            return reason
        total = _range(response)[1] if resumed else _length(response)
        if total is None and response.headers.get("Transfer-Encoding") != "chunked":
            return "an answer that does not say how long it is"
        _remember_version(response, tag)
        task = progress.tasks[0].id
        progress.update(task, total=total, completed=start if resumed else 0)
        with part.open("ab" if resumed else "wb") as stream:
            while block := response.read(_BLOCK):
                stream.write(block)
                progress.advance(task, len(block))
    whole = total is None or _size(part) == total
    return "" if whole else f"an end after {_size(part)} of {total} bytes"


def _not_the_rest(response: http.client.HTTPResponse, start: int, version: str) -> str:
    """Why a part that was sent does not continue what is there; empty where it does."""
    first, total = _range(response)
    if first != start:
        return "another range than asked for"
    if total is None:  # it may be less than the rest (RFC 9110, 14.2), and nobody would know
        return "a part of what has no known length"
    # Servers that do not know If-Range send a part of whatever the file is by now.
    if (now := _version(response)) and now != version:
        return "a part of another version than the one begun"
    return ""


def _range(response: http.client.HTTPResponse) -> tuple[int | None, int | None]:
    """The first byte of a part that was sent, and the bytes of the whole file, where it says so."""
    told = response.headers.get("Content-Range", "")
    found = re.match(r"bytes ([0-9]{1,18})-[0-9]{1,18}/(?:([0-9]{1,18})$|)", told)
    if found is None:
        return None, None
    return int(found[1]), int(found[2]) if found[2] else None


def _length(response: http.client.HTTPResponse) -> int | None:
    """Bytes of the whole file, as an answer that holds it has it; None where it does not say."""
    length = response.headers.get("Content-Length", "")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _begun(tag: Path) -> str:
    """The version of which a beginning is there; empty where nobody knows."""
    noted = tag.read_bytes().decode("latin-1") if tag.is_file() else ""
    return noted if noted.isprintable() else ""


def _remember_version(response: http.client.HTTPResponse, tag: Path) -> None:
    """Keep what tells one version of the file from another; without it nothing is continued."""
    if version := _version(response):
        tag.write_bytes(version.encode("latin-1", "replace"))  # as HTTP has headers
    else:
        tag.unlink(missing_ok=True)


def _version(response: http.client.HTTPResponse) -> str:
    """What tells one version of the file from another; weak tags do not (RFC 9110, 13.1.5)."""
    strong = response.headers.get("ETag", "")
    return strong if strong.startswith('"') else response.headers.get("Last-Modified", "")


def _begins_like_a_page(part: Path) -> bool:
    """Whether it is HTML or XML, whatever the server calls it: no data set here begins so."""
    with part.open("rb") as stream:
        return stream.read(_LOOK).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _progress(part: Path) -> Progress:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    progress.add_task(part.name.removeprefix(".").removesuffix(".part"), total=None)
    return progress


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
