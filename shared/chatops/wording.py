"""The words that all cards share: who asked, when, where, and lines that fit."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from shared.chatops.chat_words import as_typed
from shared.chatops.messages import Audience, Card, Offer
from shared.chatops.prose import fitting
from shared.frozen import frozen
from shared.names import in_ascii
from shared.notifications.movements import remark_lines
from shared.planning.liveness import NOT_IN_EFFECT
from shared.positions import duration, iso_utc
from shared.results import Notice, Result, ShardResult, Target

MAX_LINES = 25
MAX_LINE_CHARS = 300
MAX_TITLE_CHARS = 150
"""The least that a platform takes: a header of Slack (chat-and-webhooks.md section 1.3)."""
MAX_WARNINGS = 4

_LINES_OF_ONE = 3
_WARNINGS_FIRST = (
    "not_in_effect",
    "apply_options",
    "journal_unfinished",
    "not_read_back",
    "no_position_before",
    "target_expires",
    "order_across_splits",
    "new_shards",
    "not_journaled",
)
# Of error messages of SLS: the account's number in an ARN or alone, and ids of access keys.
_ACCOUNTS = re.compile(r"(?<![0-9A-Za-z_.-])\d{12,20}(?![0-9A-Za-z_-])")
_ACCESS_KEYS = re.compile(r"(?<![0-9A-Za-z])(?:LTAI|STS\.|TMP\.)[0-9A-Za-z]{8,}")


@frozen
class Showing:
    """For whom a card is made, and when.

    Attributes:
        asked: Who asked for it: the principal.
        zone: The zone in which times are told beside UTC; None for UTC alone.
        zone_name: What people call that zone; None takes the zone's own name for it.
        now_unix: The present, in Unix seconds.
        replaces: Whether a card that everybody sees takes the place of the one whose button was pressed.
    """

    asked: str
    zone: tzinfo | None
    zone_name: str | None
    now_unix: float
    replaces: bool = False

    def instant(self, unix: float) -> str:
        """Return an instant in UTC and in the zone: "2026-11-20T01:30:00Z (2026-11-20 09:30:00 Asia/Shanghai)"."""
        return iso_utc(unix) + self._local(unix, "%Y-%m-%d %H:%M:%S")

    def clock(self, unix: float) -> str:
        """Return what clocks show at an instant that is near: "01:30:00 UTC (09:30:00 Asia/Shanghai)"."""
        return f"{iso_utc(unix)[11:19]} UTC" + self._local(unix, "%H:%M:%S")

    def _local(self, unix: float, form: str) -> str:
        if self.zone is None:
            return ""
        there = datetime.fromtimestamp(unix, self.zone)
        return f" ({there.strftime(form)} {self.zone_name or there.tzname() or 'local time'})"


def make_card(
    showing: Showing,
    result: Result,
    opening: str,
    lines: Iterable[str],
    *,
    audience: Audience,
    table: tuple[tuple[str, ...], ...] = (),
    offers: Sequence[Offer] = (),
) -> Card:
    """Return a card on a result, with every text cut to what may be shown.

    Args:
        showing: For whom it is made.
        result: Gives target and ids.
        opening: What the title begins with.
        lines: What it says, most important first.
        audience: Who sees it; what one person sees never takes the place of what all see.
        table: Header and rows.
        offers: What to press next.
    """
    title, where = headline(opening, result.target)
    return Card(
        title=title,
        lines=fitted([*where, *lines]),
        table=table,
        footer=footer(result),
        offers=tuple(offers),
        audience=audience,
        replaces=showing.replaces and audience == "channel",
    )


def headline(opening: str, target: Target | None) -> tuple[str, list[str]]:
    """Return a title that names the target, and the line that names it instead where the title would be too long."""
    whole = f"{opening}: {target}" if target else opening
    if len(whole) <= MAX_TITLE_CHARS:
        return in_ascii(whole), []
    return in_ascii(opening, longest=MAX_TITLE_CHARS), [f"Of {target}."] if target else []


def fitted(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines as a card takes them: ASCII but for prose, broken where too long, the last ones counted."""
    pieces = [piece for line in lines for piece in _pieces(line)]
    if len(pieces) <= MAX_LINES:
        return tuple(pieces)
    kept = MAX_LINES - 1
    return (*pieces[:kept], f"{len(pieces) - kept} more lines are left out.")


def _pieces(line: str) -> list[str]:
    text = fitting(line, _LINES_OF_ONE * MAX_LINE_CHARS)
    return textwrap.wrap(text, MAX_LINE_CHARS, max_lines=_LINES_OF_ONE, placeholder=" ...", break_on_hyphens=False)


def without_accounts(text: str) -> str:
    """Return a message of SLS without numbers of accounts and ids of access keys."""
    return _ACCESS_KEYS.sub("(access key)", _ACCOUNTS.sub("(account)", text))


def effect_lines(result: Result) -> list[str]:
    """Return why what was written is not in effect; that it is not stands in the title."""
    told = [warning.message for warning in result.warnings if warning.code == "not_in_effect"]
    return [message.removeprefix(f"{NOT_IN_EFFECT}: ") for message in told]


def warning_lines(warnings: Sequence[Notice], *, but: frozenset[str] = frozenset()) -> list[str]:
    """Return what to know, the most important first; how many more there are beyond four.

    Args:
        warnings: Of the result.
        but: Codes of those that the card tells elsewhere.
    """
    told = [warning for warning in warnings if warning.code not in but]
    told.sort(key=_weight)
    more = len(told) - MAX_WARNINGS
    rest = [f"{more} more {'warning is' if more == 1 else 'warnings are'} in the operation's result."]
    first = [_sentence(warning.message) for warning in told[:MAX_WARNINGS]]
    return [*(f"Note: {message}" for message in first), *(rest if more > 0 else [])]


def _weight(warning: Notice) -> int:
    return _WARNINGS_FIRST.index(warning.code) if warning.code in _WARNINGS_FIRST else len(_WARNINGS_FIRST)


def _sentence(message: str) -> str:
    return f"{without_accounts(as_typed(message)).rstrip('.')}."


def shard_lines(result: Result) -> list[str]:
    """Return what is to be said of single shards, in the words of a chat and without the account's numbers."""
    safe = replace(result, shards=tuple(map(_safe, result.shards)))
    return [as_typed(line) for line in remark_lines(safe)]


def _safe(shard: ShardResult) -> ShardResult:
    if shard.error is None:
        return shard
    return replace(shard, error=replace(shard.error, message=without_accounts(shard.error.message)))


def reason_lines(result: Result) -> list[str]:
    """Return why something was not done, and what to do about it; none where all went well."""
    error = result.error
    if error is None:
        return []
    again = ""
    if result.retry_after_s is not None:
        again = f" Worth trying again in {duration(result.retry_after_s)}."
    elif error.retryable:
        again = " The same may succeed later."
    hint = _what_to_do(result, error.hint)
    return [f"Why: {_sentence(error.message)}{again}", *([f"What to do: {_sentence(hint)}"] if hint else [])]


def _what_to_do(result: Result, hint: str | None) -> str | None:
    offered = {command.get("action") for command in result.next}
    if "resume" in offered:
        return "Resume finishes it with the moves that it recorded; Abandon ends it as it stands"
    if hint is None:
        return None
    if not hint.startswith("`next`"):
        return as_typed(hint)
    return "Undo takes back what was written" if "undo" in offered else None


def footer(result: Result) -> str:
    """Return the ids by which people find it again, in journal and logs."""
    ids = (
        ("plan", result.plan_id),
        ("operation", result.operation_id or result.looked_at),
        ("FC request", result.fc_request_id),
        ("SLS request", result.error.sls_request_id if result.error else None),
    )
    named = "".join(f", {name} {value}" for name, value in ids if value)
    return in_ascii(f"sls-rewind{named}", longest=MAX_LINE_CHARS)
