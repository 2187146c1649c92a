"""The arguments of text commands: each reader takes its words from a line and returns what they add to the command.

A reader raises ValueError for what it cannot take; the message begins with the argument's name and never repeats what
was typed.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from shared.chatops.spelling import has_long_dash, keyword, short_dashes
from shared.chatops.text_line import Line
from shared.chatops.text_times import is_clock, is_time, read_duration, read_seconds, read_time
from shared.names import RULES, is_name

Table: TypeAlias = dict[str, object]
Reader: TypeAlias = Callable[[Line], Table]

_KINDS = ("project", "logstore", "consumer_group")
_ALIAS = re.compile("[0-9A-Za-z_.-]{1,128}")
_NUMBER = re.compile("[0-9]{1,18}")
_SIGNED = re.compile("[+-][0-9]{1,18}")
_RANGES = re.compile("[0-9]{1,10}(?:[-~][0-9]{1,10})?(?:,[0-9]{1,10}(?:[-~][0-9]{1,10})?)*")
_NO_NAME = re.compile("(?:[0-9]+[wdhms])+|[0-9]+")
_OPERATION_ID = re.compile("[a-z2-7]{16}")
_PLAN_ID = re.compile("[a-z2-7]{10}")
_SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
_MOST_SHARDS = 1_000
GRAMMAR_WORDS = frozenset(
    {"to", "as-of", "asof", "by", "like", "begin", "end", "shard", "shards", "at", "since", "clamp", "wait"}
    | {"allow-active", "verify-after", "because", "reason", "watch", "count"}
)
WHERE = "a duration back such as 2h, to <time>, begin, end, as-of <time>, by <log groups>, or like <group>"


def read_group(line: Line) -> Table:
    """Return the target: an alias, or project/logstore/group."""
    return {"target": _target(line, {3}, "an alias of policy.toml, or project/logstore/group")}


def read_group_if_any(line: Line) -> Table:
    """Return the target; nothing where the line ends, or goes on with the reason."""
    word = line.peek()
    is_reason = keyword(word) in {"because", "reason"} and word not in line.aliases
    return {} if not word or is_reason else read_group(line)


def read_logstore(line: Line) -> Table:
    """Return the target of what needs no group: an alias, or project/logstore."""
    return {"target": _target(line, {2, 3}, "an alias of policy.toml, or project/logstore")}


def read_plan_id(line: Line) -> Table:
    """Return the plan's id."""
    return {"plan_id": _id(line, _PLAN_ID, "plan", "10 letters a-z and digits 2-7, as the preview shows it")}


def read_operation_id(line: Line) -> Table:
    """Return the operation's id."""
    form = "16 letters a-z and digits 2-7, as history shows it"
    return {"operation_id": _id(line, _OPERATION_ID, "operation", form)}


def goal_reader(sign: int) -> Reader:
    """Return the reader of where to go.

    Args:
        sign: Which way `by` goes, -1 or 1; 0 lets the number's own sign say it. Where it is 1, a duration must say that
            it counts back from now: `skip orders 2h` is easily meant as two hours ahead.
    """

    def read_goal(line: Line) -> Table:
        word = keyword(line.peek())
        if word == "as" and keyword(line.peek(1)) == "of":
            line.take()
            word = "as-of"
        if word in {"to", "as-of", "asof", "by", "like"}:
            line.take()
        if word in {"as-of", "asof"}:
            return {"to": {"as_of": read_time(line, "as-of")}}
        if word == "by":
            return {"to": {"shift": _shift(line, sign)}}
        if word == "like":
            return {"to": {"consumer_group": _name(line.take(), "consumer_group", "like")}}
        return {"to": _place(line, is_named=word == "to", goes_on=sign > 0)}

    return read_goal


def read_shards(line: Line) -> Table:
    """Return shards: `3`, `0,3`, `0-3`, with spaces behind the commas or not."""
    text = line.peek_raw()
    line.take()
    while text.endswith(",") or line.peek_raw().startswith(","):
        if not line.peek()[:1].isdecimal() and not line.peek_raw().startswith(","):
            break
        text += line.peek_raw()
        line.take()
    text = short_dashes(text).rstrip(",.;:!?")
    if not _RANGES.fullmatch(text):
        raise ValueError("shards: must be shard ids such as 3, 0,3 or 0-3")
    shards: dict[int, None] = {}
    for part in text.split(","):
        first, _, last = part.replace("~", "-").partition("-")
        ids = range(int(first), int(last or first) + 1)
        if not 0 < len(ids) <= _MOST_SHARDS:
            raise ValueError(f"shards: a range must go upwards and hold at most {_MOST_SHARDS} shards")
        shards |= dict.fromkeys(ids)
    return {"shards": list(shards)}


def read_shard(line: Line) -> Table:
    """Return one shard."""
    return {"shard": _number(line, "shard", "a shard id such as 3")}


def read_reason(line: Line) -> Table:
    """Return all that is left, as the reason."""
    reason = line.take_rest()
    quoted = re.fullmatch("[\"'\u201c\u2018](.*)[\"'\u201d\u2019]", reason)
    reason = quoted[1].strip() if quoted else reason
    if not reason:
        raise ValueError("because: missing what it is done for")
    return {"reason": reason}


def read_timeout(line: Line) -> Table:
    """Return a group's timeout."""
    return {"timeout": read_seconds(line, "timeout")}


def read_switch(line: Line) -> Table:
    """Return whether order is kept."""
    word = keyword(line.take())
    if word not in _SWITCH:
        raise ValueError("order: must be on or off")
    return {"order": _SWITCH[word]}


def read_limit(line: Line) -> Table:
    """Return how many operations are told."""
    return {"limit": _number(line, "history", "a number of operations such as 5")}


def read_count(line: Line) -> Table:
    """Return how many log groups are shown."""
    return {"count": _number(line, "count", "a number of log groups from 1 to 10")}


def seconds_reader(key: str, name: str) -> Reader:
    """Return the reader of a duration, told in seconds as `key`."""
    return lambda line: {key: read_seconds(line, name)}


def time_reader(key: str) -> Reader:
    """Return the reader of an instant, told as `key`."""
    return lambda line: {key: read_time(line, key)}


def constant_reader(key: str, value: object) -> Reader:
    """Return the reader of an option that its own word says all about."""
    return lambda _: {key: value}


def _target(line: Line, lengths: set[int], form: str) -> str:
    word = line.take()
    if word in line.aliases and word.isascii():
        return word
    if not word or keyword(word) in GRAMMAR_WORDS or _NO_NAME.fullmatch(word):
        raise ValueError(f"target: missing before what stands there; {form}" if word else f"target: missing; {form}")
    names = word.split("/")
    if len(names) == 1:
        return _matching(word, _ALIAS, "target", form)
    if len(names) not in lengths:
        raise ValueError(f"target: must be {form}")
    for kind, name in zip(_KINDS, names, strict=False):
        _name(name, kind, "target")
    return word


def _name(name: str, kind: str, argument: str) -> str:
    if not is_name(kind, name):
        _refuse_unusual(name, argument)
        raise ValueError(f"{argument}: the {kind.replace('_', ' ')}'s name must be {RULES[kind]}")
    return name


def _id(line: Line, pattern: re.Pattern[str], argument: str, form: str) -> str:
    word = line.take()
    if not word:
        raise ValueError(f"{argument}: missing; {form}")
    return _matching(word, pattern, argument, form)


def _matching(word: str, pattern: re.Pattern[str], argument: str, form: str) -> str:
    if not pattern.fullmatch(word):
        _refuse_unusual(word, argument)
        raise ValueError(f"{argument}: must be {form}")
    return word


def _refuse_unusual(word: str, argument: str) -> None:
    """Say which sign it is that nobody sees to be wrong."""
    if has_long_dash(word):
        raise ValueError(f"{argument}: has a long dash, which may stand for one hyphen or two; type hyphens")
    unusual = next((sign for sign in word if not sign.isascii()), None)
    if unusual is not None:
        raise ValueError(f"{argument}: has U+{ord(unusual):04X}, which is no plain letter, digit or sign; type it anew")


def _place(line: Line, *, is_named: bool, goes_on: bool) -> object:
    word = keyword(line.peek())
    if word in {"begin", "end"}:
        line.take()
        return word
    try:
        back = read_duration(line)
    except ValueError as error:
        raise ValueError(f"to: {error}") from error
    if back is not None:
        is_past = keyword(line.peek()) == "ago"
        if is_past:
            line.take()
        if goes_on and not (is_named or is_past):
            raise ValueError("to: a duration counts back from now, also here: write 2h ago; by counts log groups ahead")
        return back
    if not is_named and is_clock(line):
        raise ValueError("to: needs the word to before a clock time; a duration has units, such as 1h30m")
    if is_time(line):
        return read_time(line, "to")
    if _NUMBER.fullmatch(line.peek()):
        raise ValueError("to: a number needs its unit, such as 2h; or by before it, for log groups")
    raise ValueError(f"to: must be {WHERE}")


def _shift(line: Line, sign: int) -> int:
    word = short_dashes(line.take())
    if not (_SIGNED if sign == 0 else _NUMBER).fullmatch(word):
        signed = " with its sign, such as -100 or +100" if sign == 0 else ", such as 100"
        raise ValueError(f"by: must be a number of log groups{signed}; a duration stands alone, such as 2h")
    return int(word) * (sign or 1)


def _number(line: Line, argument: str, form: str) -> int:
    word = line.take()
    if not _NUMBER.fullmatch(word):
        raise ValueError(f"{argument}: must be {form}")
    return int(word)
