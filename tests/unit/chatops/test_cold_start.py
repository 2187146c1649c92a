"""What a cold instance of `chatops` reads before it answers: a platform waits three seconds, all in all."""

import subprocess
import sys

import pytest

from shared.action_names import ACTIONS
from shared.operation_commands import MODELS
from tests.local.environment import CHECKOUT

UNNEEDED = ("pydantic", "shared.operation_commands", "shared.sls.client", "shared.execution", "Cryptodome", "difflib")


@pytest.mark.parametrize("module", UNNEEDED)
def test_chatops_loads_only_what_acknowledging_needs(module: str) -> None:
    asked = f"import sys, functions.chatops.index; print({module!r} in sys.modules)"

    told = subprocess.run([sys.executable, "-c", asked], cwd=CHECKOUT, capture_output=True, text=True, check=True)  # noqa: S603 -- our own line

    assert told.stdout == "False\n"


def test_the_names_of_actions_are_those_of_their_models() -> None:
    assert tuple(MODELS) == ACTIONS
