"""A server of files on this machine, which can do wrong what servers do wrong."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COMMIT = "c" * 40
"""The revision of everything on a hub."""


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; what it does wrong is set by the test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}  # by path
        self.digests: dict[str, str] = {}  # told in place of the right ones, by path
        self.version = '"v1"'
        self.most = 1 << 30  # bytes per answer before the connection is cut
        self.rest: dict[str, int] = {}  # bytes in all answers before every one is cut, by path
        self.ranges, self.redirects, self.wrong_range = True, False, False
        self.longest_range = 1 << 30  # bytes of those asked for that a range is cut down to
        self.if_range = True  # whether it heeds If-Range
        self.kind = "application/octet-stream"
        self.says_length = True
        self.status: list[int] = []  # given instead of an answer, one per request
        self.asked: list[str] = []  # the Range of every request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        if server.redirects and not self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/moved" + self.path)
            self.end_headers()
            return
        asked = self.headers.get("Range", "")
        server.asked.append(asked)
        if server.status:
            self.send_error(server.status.pop(0))
            return
        content = server.files.get(self.path.removeprefix("/moved").partition("?")[0])
        if content is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        other = self.headers.get("If-Range", server.version) != server.version
        if not server.ranges or (server.if_range and other):
            start = 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            told, whole = start + server.wrong_range, len(content)
            content = content[: start + server.longest_range]
            self.send_header("Content-Range", f"bytes {told}-{len(content) - 1}/{whole}")
        if server.version:
            self.send_header("ETag", server.version)
        self.send_header("Content-Type", server.kind)
        if server.says_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        # The listing of a hub is huggingface_hub's to ask for, and not resumed.
        most = len(content) if self.path.startswith("/api/") else server.most
        if self.path in server.rest:
            most = min(most, server.rest[self.path])
            server.rest[self.path] -= most
        self.wfile.write(content[start : start + most])
        self.close_connection = True

    def do_HEAD(self) -> None:
        """As the hub answers: a file's digest is its tag, and every answer names the revision."""
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        digest = self.server.digests.get(self.path) or hashlib.sha256(content).hexdigest()
        self.send_header("ETag", f'"{digest}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def hub_lies_at(url: str, patch: pytest.MonkeyPatch) -> None:
    """Let huggingface_hub, before 1 or since, ask the server at `url` instead of the hub."""
    from huggingface_hub import constants, file_download, utils

    new = hasattr(utils, "close_session")
    urls = constants if new else file_download
    # A session made while another test was offline would stay so.
    (utils.close_session if new else utils.reset_sessions)()
    patch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    patch.setattr(urls, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@contextmanager
def serving_hub(folder: Path, hub_id: str, cache: Path) -> Iterator[Server]:
    """A hub that holds a folder's files as a model; what is downloaded goes to the cache."""
    from huggingface_hub import constants

    with serving() as running, pytest.MonkeyPatch.context() as patch:
        hub_lies_at(running.url, patch)
        patch.setattr(constants, "HF_HUB_CACHE", str(cache))
        names = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]
        siblings = [{"rfilename": name} for name in [*names, "code.py"]]
        listing = json.dumps({"id": hub_id, "sha": COMMIT, "siblings": siblings}).encode()
        running.files[f"/api/models/{hub_id}/revision/main"] = listing
        tree = [{"type": "file", "oid": "0", "size": 1, "path": name} for name in names]
        asked = f"/api/models/{hub_id}/tree/{COMMIT}"
        running.files[asked] = json.dumps(tree).encode()
        for name in names:
            content = (folder / name).read_bytes()
            running.files[f"/{hub_id}/resolve/{COMMIT}/{name}"] = content
        yield running
