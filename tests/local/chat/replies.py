"""Where the local chat platforms listen: takes what functions post, and what a person in another terminal asks for."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, final

from tests.local.chat.messages import HttpAnswer, Platform, Post, Sent, Shown

ASK_PATH = "/_local/chat"

Ask = Callable[[Mapping[str, Any]], Mapping[str, object]]
Show = Callable[[str, Shown], None]


@final
class Replies:
    """Takes the posts to all platforms on loopback, from the start of the `with` block to its end.

    Args:
        platforms: Each is known by its host.
        show: Told of every message, by its platform's name; None tells nobody.
        port: Port to listen on; 0 picks a free one.

    Attributes:
        url: Scheme and authority.
        ask: Answers what another process asks for; None refuses it.
    """

    def __init__(self, platforms: Sequence[Platform], show: Show | None = None, *, port: int = 0) -> None:
        self._by_host = {platform.host: platform for platform in platforms}
        self._show = show
        self._changed = threading.Condition()
        self._open: dict[tuple[str, str], Sent] = {}
        self._uses: dict[tuple[str, str], int] = {}
        self._shown: list[tuple[str, str, Shown]] = []
        self.ask: Ask | None = None
        self._server = _Server(self, port)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "Replies":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def expect(self, platform: Platform, sent: Sent) -> int:
        """Let posts answer a request, and return how many messages there are before it."""
        with self._changed:
            for handle, uses in sent.handles.items():
                self._open[platform.name, handle] = sent
                self._uses[platform.name, handle] = uses
            return len(self._shown)

    def wait_for(self, platform: Platform, sent: Sent, since: int, *, timeout_s: float) -> bool:
        """Return whether a message that answers a request has come since there were so many."""

        def came() -> bool:
            return any(name == platform.name and handle in sent.handles for name, handle, _ in self._shown[since:])

        with self._changed:
            return self._changed.wait_for(came, timeout_s)

    def shown(self, platform: Platform, since: int = 0) -> list[Shown]:
        """Return a platform's messages since there were so many on all platforms, oldest first."""
        with self._changed:
            return [shown for name, _, shown in self._shown[since:] if name == platform.name]

    def count(self) -> int:
        """Return how many messages there are on all platforms."""
        with self._changed:
            return len(self._shown)

    def take(self, host: str, post: Post) -> HttpAnswer:
        """Take a post, and return what the platform answers."""
        platform = self._by_host.get(host)
        if platform is None:
            return HttpAnswer(404, b"no platform has this host")
        served = platform.serve(post)
        if served is not None:
            return served
        handle = platform.handle(post)
        with self._changed:
            sent = self._use(platform, handle)
            shown = platform.shown(post) if sent else None
            if sent and shown:
                shown = replace(shown, id=sent.card.id) if shown.replaces and sent.card else shown
                self._shown.append((platform.name, handle, shown))
                self._changed.notify_all()
        if shown and self._show:
            self._show(platform.name, shown)
        return platform.verdict(taken=sent is not None)

    def _use(self, platform: Platform, handle: str) -> Sent | None:
        key = (platform.name, handle)
        if not self._uses.get(key):
            return None
        self._uses[key] -= 1
        return self._open[key]


class _Server(ThreadingHTTPServer):
    def __init__(self, replies: Replies, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.replies = replies


class _Connection(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Answer one post."""
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            answer = self._answer(body)
        except (ValueError, KeyError, TypeError, AttributeError):
            # As a platform would: what it cannot read does not break it.
            answer = HttpAnswer(400, b"this cannot be read")
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Say nothing: messages are shown as such, and paths are secrets."""

    def _answer(self, body: Any) -> HttpAnswer:  # noqa: ANN401 -- any JSON document
        replies = self.server.replies
        if self.path == ASK_PATH and replies.ask:
            return HttpAnswer(200, json.dumps(replies.ask(body)).encode())
        return replies.take(self.headers.get("Host", ""), Post(self.path, self.headers.get("Authorization", ""), body))
