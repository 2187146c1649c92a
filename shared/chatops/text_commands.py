"""From what somebody types to the command that it asks for: one grammar for every chat platform and for terminals.

Nothing here writes or looks anything up. A text never asks for a write that was not shown before: moves are planned,
attributes are dry runs, and `apply` carries out what was planned.
"""

from collections.abc import Collection, Mapping
from datetime import tzinfo
from typing import TypeAlias

from shared.chatops.spelling import keyword
from shared.chatops.text_line import Line
from shared.chatops.text_times import anchor_of, resolve
from shared.chatops.text_verb import Verb
from shared.chatops.text_verbs import BY_NAME, LIKE
from shared.errors import RewindError
from shared.frozen import frozen
from shared.names import in_ascii

MAX_TEXT_CHARACTERS = 2_000
_GENERAL_USAGE = "<command> <target> [...]; help lists the commands"
_LONGEST_WORD = 32


@frozen
class CommandAsked:
    """A command.

    Attributes:
        command: As `shared.command_parser.parse_command_table` takes it, with three exceptions, the first two for what
            only the one who carries it out can know. Clock times stand as `{"local": "01:00"}` until `resolve_clock`
            has been called. `undo`, `verify`, `resume` and `abandon` come without `operation_id` where none was typed,
            the last three without `target` too: it is the last operation, or the unfinished one. `cancel` is a chat's
            own, and has a `plan_id`.
    """

    command: dict[str, object]


@frozen
class HelpAsked:
    """A wish for help.

    Attributes:
        word: What it is wanted on, printable and cut; None for all of it.
    """

    word: str | None


Asked: TypeAlias = CommandAsked | HelpAsked


class TextError(RewindError):
    """Raised for a text that is no command; says what is wrong without repeating it.

    Attributes:
        usage: How it is written.
        example: One that works; None where the command itself is not known.
    """

    code = "text_not_understood"

    def __init__(self, message: str, *, usage: str = _GENERAL_USAGE, example: str | None = None) -> None:
        super().__init__(message, hint=f"Write: {usage}" + (f" (such as: {example})" if example else ""))
        self.usage = usage
        self.example = example


def read_text(text: str, *, aliases: Collection[str] = (), default_zone: bool = False) -> Asked:
    """Return what a text asks for; an empty one, or a mention alone, asks for help.

    Args:
        text: As it was typed, mention and slash command included or not; at most 2,000 characters.
        aliases: Aliases of policy.toml; another name is passed on too, so that policy alone says what exists.
        default_zone: Whether policy.toml sets a default zone, so that a clock time can come without one.

    Raises:
        TextError: It asks for nothing that there is.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise TextError(f"the text is longer than {MAX_TEXT_CHARACTERS} characters; nothing was read")
    line = Line(text, aliases=aliases, default_zone=default_zone)
    _skip_slash_command(line)
    if not line.peek():
        return HelpAsked(None)
    name = keyword(line.peek())
    if name == "help":
        line.take()
        return HelpAsked(in_ascii(keyword(line.peek()), longest=_LONGEST_WORD) or None)
    verb = BY_NAME.get(name)
    if verb is None:
        raise _unknown_command(name)
    line.take()
    if line.peek().startswith("-") and keyword(line.peek()) == "help":
        return HelpAsked(name)
    try:
        return CommandAsked(_read(verb, line))
    except ValueError as error:
        raise TextError(str(error), usage=verb.usage, example=verb.examples[0]) from error


def resolve_clock(command: Mapping[str, object], *, sent_unix: float, default_zone: tzinfo | None) -> dict[str, object]:
    """Return a command of `read_text` with every clock time as the instant that it means, in UTC.

    Without a day it is the last time that the clock showed this: before what `at` says, else before the text was
    sent. So `as-of 01:00` at half past midnight is yesterday's.

    Args:
        command: Of `CommandAsked`.
        sent_unix: When the text was sent, in Unix seconds.
        default_zone: The zone of clock times that name none; None refuses them.

    Raises:
        TextError: A zone is unknown, or missing.
    """
    resolved = dict(command)
    try:
        for key in ("at", "since"):
            resolved |= _with_clock(resolved, key, sent_unix, default_zone)
        to = resolved.get("to")
        if isinstance(to, dict) and ("local" in to or isinstance(to.get("as_of"), dict)):
            anchor_unix = anchor_of(resolved.get("at"), sent_unix=sent_unix, default_zone=default_zone)
            resolved |= _with_clock(resolved, "to", anchor_unix, default_zone)
            resolved |= {"to": {**to, **_with_clock(to, "as_of", anchor_unix, default_zone)}} if "as_of" in to else {}
    except ValueError as error:
        raise TextError(f"the time {error}", usage="01:30 [zone], or yesterday 01:30", example="01:30+08:00") from error
    return resolved


def _with_clock(
    table: Mapping[str, object], key: str, anchor_unix: float, default_zone: tzinfo | None
) -> dict[str, object]:
    value = table.get(key)
    if not isinstance(value, dict) or "local" not in value:
        return {}
    return {key: resolve(value, anchor_unix=anchor_unix, default_zone=default_zone)}


def _skip_slash_command(line: Line) -> None:
    """Take the name of a slash command off the line, unless it is the command itself."""
    word = line.peek()
    if not word.startswith("/"):
        return
    following = keyword(line.peek(1))
    if following in BY_NAME or following == "help" or keyword(word[1:]) not in {*BY_NAME, "help"}:
        line.take()
        return
    line.rename(word[1:])


def _read(verb: Verb, line: Line) -> dict[str, object]:
    table: dict[str, object] = {"action": verb.action, **verb.subject(line), **verb.fixed}
    has_operand = False
    while line.peek():
        word, place = keyword(line.peek()), line.place
        option = verb.options.get(word)
        if not word:
            # A dash between two parts, as people write it.
            line.take()
            continue
        if option:
            line.take()
            found = option(line)
        elif verb.operand and not has_operand:
            found, has_operand = verb.operand(line), True
        else:
            raise ValueError(_unknown_word(verb, line))
        if not table.keys().isdisjoint(found):
            raise ValueError(f"{', '.join(found)}: given a second time, at word {place}")
        table |= found
    missing = [said for key, said in verb.needs.items() if key not in table]
    if missing:
        raise ValueError("; ".join(missing))
    return table


def _unknown_word(verb: Verb, line: Line) -> str:
    meant = _nearest(keyword(line.peek()), verb.options)
    suggested = f"did you mean {meant}? " if meant else ""
    return f"word {line.place} has no meaning here; {suggested}help {verb.name} shows what has one"


def _unknown_command(name: str) -> TextError:
    meant = LIKE.get(name) or _nearest(name, (*BY_NAME, "help"))
    if meant is None:
        return TextError("there is no such command; help lists them")
    verb = BY_NAME.get(meant)
    return TextError(
        f"there is no such command; did you mean {meant}? help lists them",
        usage=verb.usage if verb else _GENERAL_USAGE,
        example=verb.examples[0] if verb else meant,
    )


def _nearest(word: str, names: Collection[str]) -> str | None:
    # Most texts are spelled right, and a platform waits.
    import difflib  # noqa: PLC0415 -- see above

    found = difflib.get_close_matches(word[:_LONGEST_WORD], names, n=1, cutoff=0.6)
    return found[0] if found else None
