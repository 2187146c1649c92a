"""Where a group is to go: every spelling of `to`, read into one of seven goals."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TypeAlias

from shared.cursors import decode_cursor
from shared.frozen import frozen
from shared.names import is_name
from shared.positions import parse_duration_s

_FIRST_MILLISECONDS = 10**11
"""Integers from here on are milliseconds; as seconds this is the year 5138."""

_ISO_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<clock>\d\d:\d\d)(?P<seconds>:\d\d)?(?:[.,]\d{1,9})?"
    r" ?(?P<zone>[Zz]|[+-](?P<hours>\d\d):?(?P<minutes>\d\d)?)?",
    re.ASCII,
)
# Where they lead depends on where groups stand at that moment, whatever the command's time.
_MOVING_KEYS = frozenset({"shift", "consumer_group", "consumerGroup"})
_LATEST_UNIX = 253_402_300_799
_MAX_SHARD_ID = 2**31 - 1
_MAX_SHARD_DIGITS = 10
SPELLINGS = (
    '"begin", "end", a duration back such as "2h", an ISO-8601 time with zone, epoch seconds or milliseconds, '
    '{"as_of": time}, {"consumer_group": name}, {"checkpoints": {shard: cursor}}, {"shift": log groups} or '
    '{"local": "00:00", "day": "yesterday", "zone": "Asia/Shanghai"}'
)


@frozen
class Begin:
    """The oldest log group kept."""


@frozen
class End:
    """Behind the newest log group, as of the plan's instant."""


@frozen
class AtTime:
    """The first log group that SLS received at or after an instant, in Unix seconds."""

    unix: int


@frozen
class AsOf:
    """What the group had consumed at an instant, as far as the journal knows."""

    unix: int


@frozen
class CopyOf:
    """Where another consumer group of the same Logstore stands."""

    consumer_group: str


@frozen
class Exact:
    """Checkpoints by shard id."""

    checkpoints: Mapping[int, str]


@frozen
class Shift:
    """So many log groups on from where each shard stands; negative goes back."""

    log_groups: int


Goal: TypeAlias = Begin | End | AtTime | AsOf | CopyOf | Exact | Shift


def read_goal(to: object, *, anchor_unix: float, default_zone: tzinfo | None) -> Goal:
    """Return the goal that `to` spells.

    Args:
        to: As the command has it.
        anchor_unix: The command's own time, which durations count back from.
        default_zone: The zone of times that name none; None refuses them.

    Raises:
        ValueError: It spells none; the message says what would.
    """
    if isinstance(to, dict):
        return _read_table(to, anchor_unix, default_zone)
    if to in ("begin", "end"):
        return Begin() if to == "begin" else End()
    if isinstance(to, str):
        try:
            # What lies before SLS's first second lies before everything it kept; a cursor is not to be had for it.
            return AtTime(max(0, int(anchor_unix) - parse_duration_s(to)))
        except ValueError:
            return AtTime(read_instant(to, default_zone=default_zone))
    return AtTime(read_instant(to, default_zone=default_zone))


def counts_from_now(to: object, *, has_time: bool) -> bool:
    """Return whether a valid `to` means another place when it is carried out later.

    Args:
        to: As the command has it.
        has_time: Whether the command brings its own time, which durations and local times then count from.
    """
    if isinstance(to, dict):
        return bool(to.keys() & _MOVING_KEYS) or ("local" in to and not has_time)
    if not isinstance(to, str):
        return False
    return to == "end" or (not has_time and _is_duration(to))


def named_instant(to: object, *, default_zone: tzinfo | None) -> int | None:
    """Return the instant, in Unix seconds, that a `to` names by itself; None if it names none."""
    if isinstance(to, dict):
        to = to.get("as_of")
    try:
        return read_instant(to, default_zone=default_zone)
    except ValueError:
        return None


def counts_from_an_instant(to: object) -> bool:
    """Return whether a valid `to` of a command without a time leads to one place once its instant is known."""
    return counts_from_now(to, has_time=False) and not (isinstance(to, dict) and to.keys() & _MOVING_KEYS)


def _is_duration(text: str) -> bool:
    try:
        parse_duration_s(text)
    except ValueError:
        return False
    return True


def read_instant(value: object, *, default_zone: tzinfo | None) -> int:
    """Return an instant in Unix seconds, of an ISO-8601 text with zone or epoch seconds or milliseconds.

    Raises:
        ValueError: It is none of these, or names no zone and there is no default.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return _bounded(value // 1000 if value >= _FIRST_MILLISECONDS else value)
    if not isinstance(value, str):
        raise ValueError(f"must be one of {SPELLINGS}")  # noqa: TRY004 -- a caller's mistake, told like the others
    return _read_text(value, default_zone)


def _read_text(text: str, default_zone: tzinfo | None) -> int:
    found = _ISO_TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"must be one of {SPELLINGS}")
    try:
        told = datetime.fromisoformat(f"{found['day']}T{found['clock']}{found['seconds'] or ':00'}")
        zone = _offset(found) if found["zone"] else None
    except ValueError as error:
        raise ValueError("is not a time that exists") from error
    if zone is None and default_zone is None:
        raise ValueError("has no zone: write +08:00 or Z behind it, or set default_time_zone in policy.toml")
    there = told.replace(tzinfo=zone) if zone else _in_zone(told, default_zone or timezone.utc)
    return _bounded(int(there.timestamp()))


def _bounded(unix: int) -> int:
    if not 0 <= unix <= _LATEST_UNIX:
        raise ValueError("must be a time from 1970 to 9999")
    return unix


def _offset(found: re.Match[str]) -> timezone:
    if found["hours"] is None:
        return timezone.utc
    sign = -1 if found["zone"][0] == "-" else 1
    return timezone(sign * timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0)))


def _in_zone(told: datetime, zone: tzinfo) -> datetime:
    there = told.replace(tzinfo=zone)
    try:
        back = there.astimezone(timezone.utc).astimezone(zone).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError("must be a time from 1970 to 9999") from error
    if back != told:
        raise ValueError("does not exist in the default zone: clocks were put forward over it; write the zone's offset")
    if there.utcoffset() != there.replace(fold=1).utcoffset():
        raise ValueError("happened twice in the default zone: clocks were put back; write the zone's offset behind it")
    return there


def _read_table(to: Mapping[object, object], anchor_unix: float, default_zone: tzinfo | None) -> Goal:
    if "local" in to:
        # Imported here: zones cost a cold start, and few commands have one.
        from shared.local_time import read_local_time  # noqa: PLC0415 -- see above

        return AtTime(read_local_time(to, anchor_unix=anchor_unix, default_zone=default_zone))
    if len(to) != 1:
        raise ValueError("must have exactly one of as_of, consumer_group, checkpoints, shift")
    ((key, value),) = to.items()
    if key == "as_of":
        return AsOf(read_instant(value, default_zone=default_zone))
    if key in {"consumer_group", "consumerGroup"}:
        if not isinstance(value, str) or not is_name("consumer_group", value):
            raise ValueError("consumer_group must be a valid name")
        return CopyOf(value)
    if key == "checkpoints":
        return Exact(_read_checkpoints(value))
    if key == "shift":
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < abs(value) < 2**63:
            raise ValueError("shift must be a whole number of log groups, not 0, and below 2^63 either way")
        return Shift(value)
    raise ValueError("must have exactly one of as_of, consumer_group, checkpoints, shift")


def _is_shard_id(text: str) -> bool:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_SHARD_DIGITS):
        return False
    return str(int(text)) == text and int(text) <= _MAX_SHARD_ID


def _read_checkpoints(value: object) -> dict[int, str]:
    if not isinstance(value, dict) or not value:
        raise ValueError("checkpoints must be an object of shard to cursor, with at least one entry")
    found = {}
    for shard, checkpoint in value.items():
        if not _is_shard_id(shard):
            raise ValueError(f"checkpoints must name shards by their number, from 0 to {_MAX_SHARD_ID}")
        if not isinstance(checkpoint, str):
            raise ValueError("checkpoints must be cursors, as text")  # noqa: TRY004 -- a caller's mistake, as above
        try:
            decode_cursor(checkpoint)
        except ValueError as error:
            raise ValueError(f"checkpoints.{shard} must be a cursor of SLS: base64 of a decimal position") from error
        found[int(shard)] = checkpoint
    return found
