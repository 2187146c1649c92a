import re
from pathlib import Path

import pytest

from shared.chatops.text_commands import CommandAsked, read_text
from shared.chatops.text_verbs import BY_NAME, VERBS

PAGE = (Path(__file__).parents[3] / "docs/chatops-commands.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]
LINES = [text for row in ROWS for text in re.findall("`([^`]+)`", row) if text.split()[0] in BY_NAME]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_can_be_sent(line: str) -> None:
    assert isinstance(read_text(line, aliases=("orders",), default_zone=True), CommandAsked)


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_the_page_has_every_command(verb: str) -> None:
    assert [line for line in LINES if line.split()[0] == verb]


@pytest.mark.parametrize("option", sorted({option for verb in VERBS for option in verb.options} - {"reason"}))
def test_the_page_has_every_option(option: str) -> None:
    assert re.search(rf"`[^`]*\b{option}\b [^`]*`|`[^`]*\b{option}`", PAGE)
