"""The commands `up` and `sls`: keep the local environment, or the SLS stand-in alone, running."""

import argparse
import json
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

from tests.local.chat.messages import Shown
from tests.local.chat.people import LocalChat, as_text
from tests.local.environment import CHECKOUT, LocalEnvironment, describe_stand_in
from tests.local.fc.dotenv import read_variables
from tests.local.fc.errors import LocalFcError
from tests.local.fc.logs import stderr_logs
from tests.local.fc.timers import Timers, keep_firing, utc_now
from tests.local.sls.server import StandInServer


def add_up(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `up`."""
    parser = commands.add_parser("up", help="serve the SLS stand-in and the functions of template.yml")
    parser.add_argument("--port", type=int, default=9000, help="port of the functions; 0 picks a free one")
    parser.add_argument("--sls-port", type=int, default=0, help="port of the SLS stand-in; 0 picks a free one")
    parser.add_argument("--chat-port", type=int, help="port of the chats, told on stderr; 0, as by itself, a free one")
    parser.add_argument("--artefacts", action="store_true", help="run what `make package` built, not the source")
    parser.add_argument("--env", type=Path, help="file with variables for template.yml, as `s deploy` reads .env")
    parser.add_argument("--timers", action="store_true", help="fire the enabled timer triggers of template.yml")
    parser.add_argument("--checkout", type=Path, default=CHECKOUT, help="the folder that holds template.yml")
    parser.set_defaults(run=run_up)


def add_sls(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `sls`."""
    parser = commands.add_parser("sls", help="serve the SLS stand-in alone")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 picks a free one")
    parser.set_defaults(run=run_sls)


def run_up(arguments: argparse.Namespace) -> int:
    """Serve stand-in and functions until interrupted or terminated; return the exit status."""
    stopped = stop_event()
    with ExitStack() as stack:
        try:
            stand_in = stack.enter_context(StandInServer(port=arguments.sls_port))
            chat = stack.enter_context(LocalChat(show_on_stderr, port=arguments.chat_port or 0))
            environment = LocalEnvironment(
                stand_in,
                port=arguments.port,
                settings={**chat.settings, **(read_variables(arguments.env, os.environ) if arguments.env else {})},
                environ={} if arguments.env else None,
                artefacts=arguments.artefacts,
                logs=stderr_logs(),
                checkout=arguments.checkout.resolve(),
            )
            stack.enter_context(environment)
        except (LocalFcError, OSError) as error:
            print(f"the local environment cannot start: {error}", file=sys.stderr)  # noqa: T201 -- a command speaks
            return 1
        if arguments.timers:
            stack.enter_context(keep_firing(Timers(environment.gateway, utc_now())))
        chat.connect(environment.url)
        if arguments.chat_port is not None:
            print(chat_line(chat), file=sys.stderr, flush=True)  # noqa: T201 -- a command speaks
        announce(environment.description())
        stopped.wait()
    return 0


def run_sls(arguments: argparse.Namespace) -> int:
    """Serve the stand-in until interrupted or terminated; return the exit status."""
    stopped = stop_event()
    with StandInServer(port=arguments.port) as stand_in:
        announce(describe_stand_in(stand_in))
        stopped.wait()
    return 0


def stop_event() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set instead of ending the process."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopped


def chat_line(chat: LocalChat) -> str:
    """Return the line that says something in the chats of this environment, from another terminal."""
    return f'.venv/bin/python -m tests.local chat slack "help" --url {chat.url}'


def show_on_stderr(platform: str, shown: Shown) -> None:
    """Print a message of a chat to standard error."""
    print("\n".join(as_text(platform, shown)), file=sys.stderr, flush=True)  # noqa: T201 -- a command speaks


def announce(description: dict[str, Any]) -> None:
    """Print the one line that standard output gets: the environment is ready."""
    print(json.dumps(description), flush=True)  # noqa: T201 -- the contract of standard output
