"""docs/reliability.md names tests and commands that there are, and numbers that they have."""

import re

import pytest

from tests.e2e import test_load, test_load_memory, test_load_race
from tests.e2e.load_world import SHARDS
from tests.e2e.network import test_failing_network
from tests.fuzz import test_fuzz_journal
from tests.local.environment import CHECKOUT

DOCUMENT = (CHECKOUT / "docs/reliability.md").read_text(encoding="utf-8")
MAKEFILE = (CHECKOUT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:tests|docs)/[^`]+)`", DOCUMENT))))
def test_what_the_document_names_is_there(path: str) -> None:
    found = CHECKOUT / path

    assert found.exists()
    assert found.is_dir() or found.suffix != ".py" or re.search(r"^def test_", found.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`(?:\w+=\w+ )?make (\w+)`", DOCUMENT))))
def test_every_command_of_the_document_is_a_target(target: str) -> None:
    assert f"\n{target}:" in MAKEFILE


def test_every_promise_names_a_test() -> None:
    rows = re.findall(r"^\| \*\*.*\|$", DOCUMENT, flags=re.MULTILINE)

    assert len(rows) > 8
    assert all("`tests/" in row for row in rows)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("{:,} commands at once", test_load.AT_ONCE),
        ("{:,} shards each", SHARDS),
        ("shards each, {:,} instances", test_load.INSTANCES),
        ("{:,} operations racing", test_load_race.OPERATIONS),
        ("1,000 and {:,} invocations", test_load_memory.SOAKED[1]),
        ("{:,} foreign records", test_fuzz_journal.FOREIGN),
        ("function timeout of {:,} s", test_failing_network.TIMEOUT_S),
    ],
)
def test_the_document_tells_the_numbers_that_the_tests_have(words: str, number: int) -> None:
    assert words.format(number) in DOCUMENT
