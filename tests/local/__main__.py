"""`python -m tests.local <command>`: the local environment at the command line."""

import argparse
import sys

from tests.local.chat.command import add_chat
from tests.local.demo import add_demo, add_run
from tests.local.fire import add_fire
from tests.local.packaging.command import add_package
from tests.local.up import add_sls, add_up

# One function a command: it adds its parser, with what runs the command as the default of `run`.
_COMMANDS = (add_up, add_sls, add_demo, add_run, add_fire, add_chat, add_package)


def main() -> int:
    """Run the command named by the arguments and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.local", description="The local environment of sls-rewind.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for add_command in _COMMANDS:
        add_command(commands)
    arguments = parser.parse_args()
    status: int = arguments.run(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
