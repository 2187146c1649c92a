"""What a plan looks like before anybody applies it."""

import re
from collections.abc import Iterable
from dataclasses import replace

from shared.chatops.messages import Card
from shared.chatops.offers import offers_of
from shared.chatops.prose import prose
from shared.chatops.tables import shard_table
from shared.chatops.text_reasons import selections_in
from shared.chatops.wording import Showing, make_card, reason_lines, shard_lines, warning_lines
from shared.notifications.movements import attribute_lines, movement_lines
from shared.planning.plans import RECEIVED
from shared.planning.standing import position_of
from shared.positions import duration, unix_of
from shared.results import Position, Result, ShardResult, Sight

_VERBS = {"update_consumer_group": "change attributes", "update_checkpoint": "write checkpoints"}
_FOR_APPLY = ("needs_approval", "apply_options")
_TOLD_ELSEWHERE = frozenset({"not_in_effect", "receive_time", *_FOR_APPLY})
_SHOWN_HOLDERS = 3
_MINUTE_S = 60
# Of every shard, and of no matter to whoever decides now; what expires soon is a warning.
_KEPT_UNTIL = re.compile(r"(?:; )?what comes next there is kept until \S+")


def preview_card(result: Result, showing: Showing) -> Card:
    """Return a plan, to be applied or let be; everybody sees it, since others may have to confirm it."""
    verb = _VERBS.get(result.action, result.action)
    return make_card(
        showing,
        result,
        f"Plan to {verb}, nothing is written yet",
        _lines(result, showing),
        audience="channel",
        table=shard_table(result),
        offers=offers_of(result),
    )


def replanned_card(result: Result, showing: Showing) -> Card:
    """Return why a plan was not applied, and the new plan in its place; everybody sees it, as they saw the old one."""
    plan = replace(result, status="planned", error=None)
    error = replace(result.error, hint="Look at the new plan; its Apply carries that one out") if result.error else None
    return make_card(
        showing,
        result,
        "Not applied, here is a new plan",
        [*reason_lines(replace(result, error=error)), *_lines(plan, showing)],
        audience="channel",
        table=shard_table(plan),
        offers=offers_of(plan),
    )


def _lines(result: Result, showing: Showing) -> list[str]:
    sight = result.sight or Sight()
    return [
        *_effect(result),
        _asked_by(sight, showing),
        *_for_apply(result),
        *([f"It takes operation {sight.undoes} back."] if sight.undoes else []),
        *_reason(result, sight),
        *_goal(result, sight, showing),
        *movement_lines(result),
        *attribute_lines(result),
        *_lag(result, sight, showing.now_unix),
        *_consumers(sight, showing.now_unix),
        *_expiry(result, showing),
        *warning_lines(result.warnings, but=_TOLD_ELSEWHERE),
        *shard_lines(replace(result, shards=tuple(map(_without_retention, result.shards)))),
    ]


def _effect(result: Result) -> list[str]:
    return [warning.message for warning in result.warnings if warning.code == "not_in_effect"]


def _asked_by(sight: Sight, showing: Showing) -> str:
    if sight.asked_by in {"", showing.asked}:
        return f"Asked for by {showing.asked}."
    return f"Asked for by {sight.asked_by}; planned anew when {showing.asked} pressed Apply."


def _for_apply(result: Result) -> list[str]:
    """Return who may apply it where the asker may not, and what that does besides."""
    told = [warning.message for code in _FOR_APPLY for warning in result.warnings if warning.code == code]
    return [f"{message[:1].upper()}{message[1:]}." for message in told]


def _reason(result: Result, sight: Sight) -> list[str]:
    if not sight.reason:
        return []
    unread = selections_in(sight.reason, result.action, shards=[shard.shard for shard in result.shards])
    told = " and ".join(f"`{phrase}`" for phrase in unread)
    warning = f"Note: the reason ends the command: {told} in it selects nothing; put it before because."
    return [*([warning] if unread else []), prose(sight.reason, leading="Reason: ")]


def _goal(result: Result, sight: Sight, showing: Showing) -> list[str]:
    if sight.goal_unix is None:
        return []
    by_receipt = any(warning.code == "receive_time" for warning in result.warnings)
    return [f"To {showing.instant(sight.goal_unix)}{f': {RECEIVED}' if by_receipt else ''}."]


def _lag(result: Result, sight: Sight, now_unix: float) -> list[str]:
    if not sight.ends or not any(shard.status == "planned" for shard in result.shards):
        return []
    before = [(shard, shard.before) for shard in result.shards]
    after = [(shard, shard.after if shard.status == "planned" else shard.before) for shard in result.shards]
    # A shard that was never checkpointed has no lag that is not known, but none at all.
    worst = [
        _worst([_lag_s(sight, shard, at, now_unix) for shard, at in places if at is None or at.checkpoint])
        for places in (before, after)
    ]
    behind = [sum(_behind(sight, shard, at) for shard, at in places) for places in (before, after)]
    left = f"log groups not consumed yet: {behind[0]} now, {behind[1]} after"
    return [f"Lag of the worst shard: {worst[0]} now, {worst[1]} after; {left}."]


def _lag_s(sight: Sight, shard: ShardResult, at: Position | None, now_unix: float) -> float | None:
    """Return how long ago SLS received what was last consumed; 0 at the shard's end; None if that is not known."""
    position = position_of(at.checkpoint) if at else None
    end = sight.ends.get(shard.shard)
    if position is not None and end is not None and position >= end:
        return 0
    return max(0.0, now_unix - unix_of(at.time)) if at and at.time else None


def _worst(lags_s: Iterable[float | None]) -> str:
    lags_s = tuple(lags_s)
    known = [lag_s for lag_s in lags_s if lag_s is not None]
    if not known:
        return "not known"
    return f"{'at least ' if len(known) < len(lags_s) else ''}{duration(max(known))}"


def _behind(sight: Sight, shard: ShardResult, at: Position | None) -> int:
    position, end = position_of(at.checkpoint) if at else None, sight.ends.get(shard.shard)
    return 0 if position is None or end is None else max(0, end - position)


def _consumers(sight: Sight, now_unix: float) -> list[str]:
    if sight.consumers is None:
        return []
    shown = ", ".join(sight.holders[:_SHOWN_HOLDERS])
    more = len(sight.holders) - _SHOWN_HOLDERS
    by = f" by {shown}{f' and {more} more' if more > 0 else ''}" if shown else ""
    if sight.consumers == "free":
        return ["Consumers: free; nobody seems to be consuming these shards."]
    if sight.consumers == "held":
        return [f"Consumers: held{by}."]
    left_s = max(0.0, unix_of(sight.free_at) - now_unix) if sight.free_at else 0.0
    held = f" Held{by}." if by else ""
    return [f"Consumers: active: free in {duration(left_s)} if nothing more is written; {_until_free(sight)}.{held}"]


def _until_free(sight: Sight) -> str:
    if sight.allow_active:
        return "Apply moves the shards all the same, and what they commit after it counts"
    if sight.wait_free_s:
        return f"Apply waits for that, up to {sight.wait_free_s} s, and is refused if it does not come"
    return "until then Apply is refused"


def _expiry(result: Result, showing: Showing) -> list[str]:
    if result.expires_at is None:
        return []
    expires_unix = unix_of(result.expires_at)
    left_s = expires_unix - showing.now_unix
    if left_s <= 0:
        return [f"It expired at {showing.clock(expires_unix)}: plan again."]
    left = f"{int(left_s // _MINUTE_S)} min" if left_s >= _MINUTE_S else duration(left_s)
    return [f"Applies until {showing.clock(expires_unix)}, {left} left."]


def _without_retention(shard: ShardResult) -> ShardResult:
    return replace(shard, note=_KEPT_UNTIL.sub("", shard.note) or None) if shard.note else shard
