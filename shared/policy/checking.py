"""A policy.toml held against everything that can be known of it without asking SLS."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.errors import ConfigurationError
from shared.policy.file import parse_policy
from shared.policy.lines import key_lines, line_of
from shared.policy.rules import Policy
from shared.policy.suspicions import suspicions


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` tells.

    Attributes:
        line: From 1; None where it is about the file as a whole.
        is_error: True where it is a mistake, False where it is only odd.
        sentence: Begins with the key's path.
    """

    line: int | None
    is_error: bool
    sentence: str


def check_policy(text: str) -> list[Finding]:
    """Return what is wrong with a policy, in the order of its lines; of one that is broken the mistakes alone."""
    try:
        policy = parse_policy(text)
    except ConfigurationError as error:
        found = list(_mistakes(text, error))
    else:
        found = list(_odd(text, policy))
    return sorted(found, key=lambda finding: finding.line or 0)


def _mistakes(text: str, error: ConfigurationError) -> Iterator[Finding]:
    is_syntax = len(error.problems) == 1 and error.problems[0].startswith("policy.toml: ")
    lines = {} if is_syntax else key_lines(text)
    # What tomllib misses at the end of the text is missing on its last line.
    elsewhere = len(text.splitlines()) if is_syntax else None
    for problem in error.problems:
        yield Finding(line_of(problem, lines) or elsewhere, is_error=True, sentence=problem)


def _odd(text: str, policy: Policy) -> Iterator[Finding]:
    lines = key_lines(text)
    for path, told in suspicions(policy):
        sentence = f"{path}: {told}"
        yield Finding(line_of(sentence, lines), is_error=False, sentence=sentence)
