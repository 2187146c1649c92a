"""Whether what was written has held, and who wrote over it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from shared.chatops.messages import Card, Offer
from shared.chatops.offers import followup, offers_of
from shared.chatops.tables import Row, Table, short_time, table_of
from shared.chatops.wording import Showing, effect_lines, make_card, warning_lines
from shared.frozen import as_plain
from shared.notifications.movements import named_shards
from shared.planning.liveness import NOT_IN_EFFECT
from shared.positions import unix_of
from shared.results import Result

_Verdict: TypeAlias = Mapping[str, Any]

_HEADER = ("shard", "verdict", "written (UTC)", "by")
# The worst first.
_VERDICTS = {
    "overwritten": "overwritten",
    "caught_up_or_overwritten": "caught up again, or overwritten",
    "moved_since": "moved since",
    "not_moved": "not moved",
    "not_in_effect": "as written, not in effect",
    "progressed": "held, consumers have gone on from there",
    "held": "held",
}
_HELD = "It has held"
_NOTHING = "Nothing was written"
_OPENINGS = {
    "overwritten": "It was overwritten",
    "caught_up_or_overwritten": "It held, or was overwritten",
    "not_moved": "Not all of it was written",
    "not_in_effect": NOT_IN_EFFECT.replace("Written", "Stands as written"),
}
_WORDS = {"not_moved": "never written", "moved_since": "moved since", "overwritten": "not as they were written"}
_BY_US = frozenset({"taken_back", "moved_on"})
TOLD_BY_VERDICTS = frozenset({"not_in_effect", "not_written"}) | _BY_US
"""Codes of warnings that verdicts tell in words of their own."""


def verification_card(result: Result, showing: Showing) -> Card:
    """Return whether an operation has held, for everybody, with the way to take it back.

    Args:
        result: Of a `verify` that went well.
        showing: For whom it is made; asked is who did what is verified.
    """
    return make_card(
        showing,
        result,
        verdict_opening(result),
        [
            f"Done by {showing.asked}.",
            *verdict_lines(result, showing),
            *warning_lines(result.warnings, but=TOLD_BY_VERDICTS),
        ],
        table=verdict_table(result),
        audience="channel",
        offers=_offers(result),
    )


def verdict_opening(result: Result) -> str:
    """Return what became of the whole."""
    states = _states(result)
    worst = next((state for state in _VERDICTS if state in states), "not_moved")
    if worst == "moved_since":
        return _moved_since(result)
    if states <= {"not_moved"}:
        return _NOTHING
    if worst == "not_moved" and "not_in_effect" in states:
        return f"{_OPENINGS['not_in_effect']}, and only in part"
    return _OPENINGS.get(worst, _HELD)


def _moved_since(result: Result) -> str:
    by_us = next((warning.message for warning in result.warnings if warning.code in _BY_US), "moved on since")
    return f"{by_us[:1].upper()}{by_us[1:]}"


def verdict_lines(result: Result, showing: Showing) -> list[str]:
    """Return the verdicts, those that are alike in one line, the worst first; before all that it is not in effect."""
    alike: dict[tuple[str, str], list[_Verdict]] = {}
    for verdict in sorted(_verdicts(result), key=_rank):
        alike.setdefault((verdict["state"], _by(verdict)), []).append(verdict)
    lines = [_line(verdicts, state, by, showing) for (state, by), verdicts in alike.items()]
    return [*effect_lines(result), *lines, *_attribute_line(result)]


def verdict_table(result: Result) -> Table:
    """Return the verdict of each shard, the worst first."""
    return table_of(_HEADER, sorted(_verdicts(result), key=_rank), _row, lambda rest: (f"{len(rest)} more", "", "", ""))


def _offers(result: Result) -> Sequence[Offer]:
    """Return the buttons; Undo among them where there is something that it would take back."""
    offered = offers_of(result)
    is_done = bool(_BY_US & {warning.code for warning in result.warnings}) or _states(result) <= {"not_moved"}
    has_undo = any(offer.action == "undo" for offer in offered)
    if is_done or has_undo or result.target is None or result.looked_at is None:
        return offered
    command = {"action": "undo", **as_plain(result.target), "operation_id": result.looked_at}
    return (followup(command), *offered)


def _states(result: Result) -> set[str]:
    attributes = _attributes(result)
    return {verdict["state"] for verdict in _verdicts(result)} | ({attributes} if attributes else set())


def _verdicts(result: Result) -> Sequence[_Verdict]:
    """Return the verdicts as people take them: what stands but is held is no success, what we moved on no alarm."""
    found = result.own.get("verify")
    is_held = any(warning.code == "not_in_effect" for warning in result.warnings)
    verdicts = found if isinstance(found, list | tuple) else ()
    return [{**verdict, "state": _state(verdict, is_held=is_held)} for verdict in verdicts]


def _state(verdict: _Verdict, *, is_held: bool) -> str:
    state = str(verdict["state"])
    if state == "held":
        return "not_in_effect" if is_held and verdict["consumer"] else state
    return "moved_since" if verdict["operation_id"] and state != "not_moved" else state


def _rank(verdict: _Verdict) -> tuple[int, int]:
    states = list(_VERDICTS)
    return (states.index(verdict["state"]) if verdict["state"] in states else 0), verdict["shard"]


def _by(verdict: _Verdict) -> str:
    """Return who wrote what stands there, where it was not the operation that is verified, or who holds it."""
    if verdict["state"] == "held":
        return ""
    if verdict["state"] == "moved_since":
        return f"operation {verdict['operation_id']}"
    nobody = "" if verdict["state"] == "not_moved" else "a writer without a name"
    return verdict["consumer"] or nobody


def _line(verdicts: Sequence[_Verdict], state: str, by: str, showing: Showing) -> str:
    times = [verdict["update_time"] for verdict in verdicts if verdict["update_time"]]
    at = f" at {showing.clock(unix_of(max(times)))}" if times and by else ""
    shards = named_shards([verdict["shard"] for verdict in verdicts])
    told = f"{shards[0].upper()}{shards[1:]}: {_VERDICTS.get(state, state)}"
    if state == "not_in_effect":
        return f"{told}: held by {by}."
    return f"{told}{f', by {by}{at}' if by else ''}."


def _row(verdict: _Verdict) -> Row:
    word = verdict["state"].replace("_", " ")
    return str(verdict["shard"]), word, short_time(verdict["update_time"]), _by(verdict)


def _attributes(result: Result) -> str | None:
    change, codes = result.consumer_group, {warning.code for warning in result.warnings}
    if change is None:
        return None
    if "not_written" in codes:
        return "not_moved"
    if change.before == change.after:
        return "held"
    return "moved_since" if codes & _BY_US else "overwritten"


def _attribute_line(result: Result) -> list[str]:
    change, state = result.consumer_group, _attributes(result)
    if change is None or state is None:
        return []
    if state == "held":
        return ["Attributes: held."]
    now = f"timeout {change.after.timeout} s, order {'on' if change.after.order else 'off'}"
    return [f"Attributes: {_WORDS[state]}; now {now}."]
