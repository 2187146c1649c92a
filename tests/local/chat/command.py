"""The command `chat`: say something in a local chat, press what is shown, and see what comes of it."""

import argparse
import http.client
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.local.chat.people import PLATFORM_NAMES, LocalChat, Reply
from tests.local.chat.replies import ASK_PATH
from tests.local.demo import Orders
from tests.local.environment import LocalEnvironment
from tests.local.fc.errors import LocalFcError
from tests.local.sls.server import StandInServer

_FAILED = 1
_TIMEOUT_S = 120.0
_LATER_S = 30.0

Ask = Callable[[Mapping[str, str]], Reply]


class _NoAnswerError(Exception):
    pass


def add_chat(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `chat`."""
    parser = commands.add_parser(
        "chat", help="say something in a chat, signed as the platform would, and see the reply"
    )
    parser.add_argument("platform", choices=PLATFORM_NAMES)
    parser.add_argument("text", help='what to type, such as "rewind orders 2h"')
    parser.add_argument(
        "--click",
        action="append",
        default=[],
        metavar="BUTTON",
        help="press it then: apply, cancel, undo …; repeatable",
    )
    parser.add_argument("--user", metavar="ID", help="who types and presses; by itself the one that may do everything")
    parser.add_argument(
        "--url",
        type=_authority,
        help="the chats of `up --chat-port` or `run`, as told on stderr; by itself an environment is started",
    )
    parser.set_defaults(run=run_chat)


def run_chat(arguments: argparse.Namespace) -> int:
    """Say and press what is asked for; return 0 if every part was answered."""
    asked: list[dict[str, str]] = [{"text": arguments.text}, *({"press": button} for button in arguments.click)]
    named = {"platform": arguments.platform, **({"user": arguments.user} if arguments.user else {})}
    try:
        if arguments.url:
            return _talk([{**named, **one} for one in asked], lambda one: _ask_running(arguments.url, one))
        with _own_environment(arguments.platform) as ask:
            return _talk([{**named, **one} for one in asked], ask)
    except (LocalFcError, _NoAnswerError, OSError) as error:
        print(str(error), file=sys.stderr)  # noqa: T201 -- a command speaks
        return _FAILED


def _talk(asked: Sequence[Mapping[str, str]], ask: Ask) -> int:
    for one in asked:
        _say([f"you: {one['text']}" if "text" in one else f"you press: {one['press']}"])
        reply = ask(one)
        _say(reply.lines)
        if not reply.came:
            return _FAILED
    return 0


@contextmanager
def _own_environment(platform: str) -> Iterator[Ask]:
    with StandInServer() as stand_in, LocalChat() as chat:
        Orders(stand_in)
        with LocalEnvironment(stand_in, settings=chat.settings) as environment:
            chat.connect(environment.url)
            seen = 0

            def ask(one: Mapping[str, str]) -> Reply:
                nonlocal seen
                by = (platform, one.get("text") or one["press"], one.get("user"))
                reply = chat.say(*by) if "text" in one else chat.press(*by)
                seen = chat.count()
                return reply

            yield ask
            # What is posted by itself, such as a verification, comes a moment later.
            environment.gateway.wait_idle(_LATER_S)
            _say(chat.since(platform, seen))


def _ask_running(authority: str, one: Mapping[str, str]) -> Reply:
    connection = http.client.HTTPConnection(authority, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", ASK_PATH, json.dumps(one).encode(), {"Content-Type": "application/json"})
        response = connection.getresponse()
        told = json.loads(response.read())
        return Reply(tuple(told["lines"]), told["came"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise _NoAnswerError(
            f"no local chat answers at http://{authority}; `up --chat-port 0` and `run` tell where theirs is, on stderr"
        ) from error
    finally:
        connection.close()


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 -- a command speaks


def _authority(text: str) -> str:
    try:
        url = urlsplit(text)
        usable = url.scheme == "http" and url.hostname and url.port and url.path in {"", "/"}
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"'{text}' is no address of a local chat: http://127.0.0.1:<port>")
    return url.netloc
