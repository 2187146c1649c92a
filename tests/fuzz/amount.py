"""The one place that decides how many examples a property gets, and by what chance.

In the tests: a bounded number, the same ones in each run, so that a run fails for no other reason than a change. Under
`make fuzz`: many more, drawn by a seed that is fresh for each run.
"""

import logging
import os

from hypothesis import HealthCheck, settings

FUZZING = "FUZZ_SEED" in os.environ
SEED = os.environ.get("FUZZ_SEED", "0")
FACTOR = int(os.environ.get("FUZZ_FACTOR", "10")) if FUZZING else 1
"""How many times as many examples are drawn as in the tests."""

_USUAL = 100
_LOGGER = logging.getLogger(__name__)


def load_profile() -> None:
    """Make this the default of every property; before any of them is imported."""
    settings.register_profile(
        "sls-rewind",
        max_examples=_USUAL * FACTOR,
        derandomize=not FUZZING,
        # What was found is kept as an `@example`, not in a file that nobody else has.
        database=None,
        deadline=None,
        print_blob=FUZZING,
        # One set of functions serves all examples: none of them may change what the next one finds.
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("sls-rewind")


def some(examples: int) -> settings:
    """Return settings for so many examples in the tests."""
    return settings(max_examples=examples * FACTOR)


def note_examples(examples: int) -> None:
    """Tell `make fuzz` of examples that something other than a property of Hypothesis was given."""
    _LOGGER.info("examples: %d of %s", examples, os.environ.get("PYTEST_CURRENT_TEST", "?").partition(" ")[0])
