import pytest

from shared.chatops.help import help_text
from shared.chatops.text_verbs import VERBS

LONGEST_LINE = 300
MOST_LINES = 25


def everything(_: str) -> bool:
    return True


def reads(action: str) -> bool:
    return action in {"describe", "history"}


def test_help_lists_every_command_with_what_it_does() -> None:
    lines = help_text(everything).splitlines()

    assert [line.split()[0] for line in lines[1 : len(VERBS) + 1]] == [verb.name for verb in VERBS]
    assert all(" - " in line for line in lines[1 : len(VERBS) + 1])


def test_help_lists_only_what_this_person_may_run() -> None:
    told = help_text(reads)

    assert "describe <target>" in told
    assert "history <target>" in told
    assert not [verb.name for verb in VERBS if not reads(verb.action) and f"{verb.name} <" in told]
    assert told.endswith("help describe")


def test_help_without_any_right_says_whom_to_ask() -> None:
    assert "policy.toml" in help_text(lambda _: False)


def test_help_on_a_command_gives_usage_purpose_and_examples() -> None:
    told = help_text(everything, "rewind")

    assert told.startswith("rewind <target> <where> [options]\nGoes back")
    assert "Example: rewind orders 2h" in told
    assert "as-of <time>" in told


def test_attributes_need_the_right_of_their_action() -> None:
    assert "timeout <target>" in help_text(lambda action: action == "update_consumer_group")


@pytest.mark.parametrize("word", ["REWIND", "rewind", "--rewind"])
def test_the_word_of_help_is_read_like_a_command(word: str) -> None:
    assert help_text(everything, word) == help_text(everything, "rewind")


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS if not reads(verb.action)])
def test_a_command_that_one_may_not_run_is_told_of_like_an_unknown_one(verb: str) -> None:
    assert help_text(reads, verb) == help_text(reads, "xyzzy") == help_text(everything, "rewnd")


@pytest.mark.parametrize("word", [None, "help", *(verb.name for verb in VERBS)])
def test_help_fits_a_message(word: str | None) -> None:
    lines = help_text(everything, word).splitlines()

    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= LONGEST_LINE
    assert all(line.isascii() for line in lines)
