"""What plays the chat platforms on loopback: takes their messages, and answers as each of them does."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, final

WAIT_S = 60.0
FEISHU_TOKEN = "t-a-tenant-access-token-of-feishu"
_ANSWERS = {
    "hooks.slack.com": b"ok",
    "oapi.dingtalk.com": b'{"errcode":0,"errmsg":"ok"}',
    "open.feishu.cn": json.dumps({"code": 0, "msg": "ok", "tenant_access_token": FEISHU_TOKEN}).encode(),
}


@dataclass(frozen=True, slots=True)
class Post:
    """One message to a platform.

    Attributes:
        host: Of the platform.
        path: With its query; secret on most platforms.
        body: As JSON.
        authorization: The header, "" if none.
    """

    host: str
    path: str
    body: Any
    authorization: str

    @property
    def text(self) -> str:
        """Everything in it that people could read, as one text."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def buttons(self) -> dict[str, str]:
        """The values of a Slack message's buttons, by action."""
        elements = [e for block in self.body.get("blocks", []) for e in block.get("elements", [])]
        return {e["action_id"]: e["value"] for e in elements if e.get("type") == "button"}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, ChatPlatforms)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        host = self.headers["Host"]
        server.wait_if_held(self.path)
        status, answer = server.refusal or (200 if host in _ANSWERS else 404, _ANSWERS.get(host, b"no such host"))
        # Noted before it is answered: what a test does after an invocation has ended finds it.
        server.take(Post(host, self.path, body, self.headers.get("Authorization", "")))
        # Who sends may have given up; what was sent was taken all the same.
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test speaks."""


@final
class ChatPlatforms(ThreadingHTTPServer):
    """Takes every post, and notes it. A context manager.

    Attributes:
        url: Where it listens.
        refusal: Status and body of what it answers to all posts; None answers as the platforms do.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.refusal: tuple[int, bytes] | None = None
        self._posts: list[Post] = []
        self._holding: set[str] = set()
        self._held: set[str] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "ChatPlatforms":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Take no post to a path before the `with` block ends."""
        self._holding.add(path)
        try:
            yield
        finally:
            with self._changed:
                self._holding.discard(path)
                self._changed.notify_all()

    @contextmanager
    def refusing(self, status: int, body: bytes) -> Iterator[None]:
        """Take nothing within the `with` block, and say so."""
        self.refusal = status, body
        try:
            yield
        finally:
            self.refusal = None

    def wait_until_held(self, path: str) -> None:
        """Return once a post to a path waits to be taken."""
        with self._changed:
            assert self._changed.wait_for(lambda: path in self._held, WAIT_S), "nothing was posted"

    def wait_if_held(self, path: str) -> None:
        """Return as soon as a post to a path may be taken."""
        with self._changed:
            self._held |= {path} & self._holding
            self._changed.notify_all()
            self._changed.wait_for(lambda: path not in self._holding, WAIT_S)

    def take(self, post: Post) -> None:
        """Note a post."""
        with self._changed:
            self._posts.append(post)
            self._changed.notify_all()

    def posts(self, path: str = "") -> list[Post]:
        """Return the posts to a path, in the order in which they came; to all without one."""
        with self._changed:
            return [post for post in self._posts if path in {"", post.path}]

    def wait_for(self, path: str, count: int = 1) -> list[Post]:
        """Return the posts to a path once there are so many."""
        return self.wait_until(lambda post: post.path == path, count)

    def wait_until(self, fits: Callable[[Post], bool], count: int = 1) -> list[Post]:
        """Return the posts that fit once there are so many."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(list(filter(fits, self._posts))) >= count, WAIT_S)
            found = list(filter(fits, self._posts))
        assert came, f"{len(found)} posts came, not {count}"
        return found
