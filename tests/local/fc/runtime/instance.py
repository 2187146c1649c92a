"""The process of one instance: takes requests from the gateway one at a time, until the gateway is gone.

Started by `tests.local.fc.instances` with the number of its end of a socket pair as the only argument. Standard output
and standard error belong to the function.
"""

import faulthandler
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from types import FrameType
from typing import Any

from tests.local.fc.runtime.contexts import build_context
from tests.local.fc.runtime.loading import Handler, LoadError, load_handler
from tests.local.fc.runtime.messages import InstanceConfig, Message, receive_message, send_message
from tests.local.fc.runtime.results import serialize_error, serialize_load_error, serialize_result

_TERMINATED = 143


class _RequestIdFilter(logging.Filter):
    """Puts the id of the running request on each record."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = self.request_id
        return True


class Instance:
    """Serves requests with a handler that is loaded at the first one; a load that fails is tried again at the next."""

    def __init__(self, config: InstanceConfig) -> None:
        self._config = config
        self._handlers: dict[str, Handler] = {}
        self._request_id = configure_logging()

    def answer(self, request: Message) -> tuple[bool, bytes]:
        """Return whether the request succeeded, and the bytes of its result or error."""
        request_id = request.head["request_id"]
        phase = "Initialize" if request.head["kind"] == "initialize" else "Invoke"
        self._request_id.request_id = request_id
        print(f"FC {phase} Start RequestId: {request_id}")  # noqa: T201 -- as the runtime does
        succeeded, payload = self._run(request)
        if not succeeded:
            logging.getLogger().error(payload.decode())
        suffix = "" if succeeded else ", Error: Unhandled function error"
        print(f"FC {phase} End RequestId: {request_id}{suffix}")  # noqa: T201 -- as the runtime does
        return succeeded, payload

    def _run(self, request: Message) -> tuple[bool, bytes]:
        context = build_context(self._config, request.head)
        try:
            if request.head["kind"] == "initialize":
                self._load(self._config.initializer or "")(context)
                return True, b""
            return True, serialize_result(self._load(self._config.handler)(request.body, context))
        except LoadError as error:
            return False, serialize_load_error(error)
        except Exception as error:  # noqa: BLE001 -- whatever a handler raises is its answer
            return False, serialize_error(error)

    def _load(self, handler: str) -> Handler:
        if handler not in self._handlers:
            self._handlers[handler] = load_handler(handler, self._config.profile)
        return self._handlers[handler]


def configure_logging() -> _RequestIdFilter:
    """Give the root logger its one handler, at INFO, and return what holds the request id.

    Source: function-compute.md, section 1.7.
    """
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(request_id)s [%(levelname)s] %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    request_id = _RequestIdFilter()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(request_id)
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.INFO)
    return request_id


def enter_code_root(code_root: str) -> None:
    """Make the code root the working directory and the first place to import from, instead of this checkout."""
    os.chdir(code_root)
    sys.path[0] = code_root


def die_on_timeout(_signal: int, _frame: FrameType | None) -> None:
    """Dump the stack of every thread and end, as the runtime does when the platform stops a function."""
    print("Dumping stack trace after function timeout", file=sys.stderr)  # noqa: T201 -- as the runtime does
    faulthandler.dump_traceback(all_threads=True)
    os._exit(_TERMINATED)


def read_requests(connection: socket.socket, requests: queue.SimpleQueue[Message]) -> None:
    """Pass requests on, and end the process when the gateway is gone, whatever the handler is doing."""
    while (request := receive_message(connection)) is not None:
        requests.put(request)
    os._exit(0)


def main(descriptor: int) -> None:
    """Serve the gateway at the other end of the socket `descriptor`."""
    os.set_inheritable(descriptor, False)  # noqa: FBT003 -- takes it by position alone
    connection = socket.socket(fileno=descriptor)
    start: Any = receive_message(connection)
    config = InstanceConfig(**start.head)
    enter_code_root(config.code_root)
    signal.signal(signal.SIGTERM, die_on_timeout)
    requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=read_requests, args=(connection, requests), daemon=True).start()
    instance = Instance(config)
    send_message(connection, {"ready": True})
    while True:
        succeeded, payload = instance.answer(requests.get())
        send_message(connection, {"succeeded": succeeded}, payload)


if __name__ == "__main__":
    main(int(sys.argv[1]))
