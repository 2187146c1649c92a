"""What stands in a reason although it looks like an option: the reason ends the command, so it selects nothing."""

from collections.abc import Collection, Sequence

from shared.chatops.spelling import keyword, tidy
from shared.chatops.text_arguments import Reader, Table
from shared.chatops.text_line import Line
from shared.chatops.text_verbs import BY_NAME

_REASONS = frozenset({"because", "reason"})
_MOST = 3


def selections_in(reason: str, action: str, *, shards: Collection[int]) -> list[str]:
    """Return the options with their arguments that a reason holds, at most three, as they were typed.

    Args:
        reason: All that stood behind `because`.
        action: What was asked for: its own options count.
        shards: Those that the command is about; a reason that names the very same changes nothing.
    """
    verb = BY_NAME.get(action)
    options = {} if verb is None else {word: reader for word, reader in verb.options.items() if word not in _REASONS}
    typed = tidy(reason).split()
    found: list[str] = []
    at = 0
    while at < len(typed) and len(found) < _MOST:
        selected, length = _selected(options.get(keyword(typed[at].strip(",.;:!?"))), typed[at + 1 :])
        named = selected.get("shards")
        if selected and not (isinstance(named, list) and set(named) == set(shards)):
            found.append(" ".join(typed[at : at + 1 + length]).rstrip(",.;:!?"))
        at += 1 + length
    return found


def _selected(reader: Reader | None, typed: Sequence[str]) -> tuple[Table, int]:
    """Return what an option would have added to the command, and how many words it would have taken."""
    if reader is None:
        return {}, 0
    line = Line(" ".join(typed), default_zone=True)
    try:
        return reader(line), line.place - 1
    except ValueError:
        return {}, 0
