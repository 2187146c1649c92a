"""What became of a write, or why there was none."""

from shared.chatops.messages import Audience, Card
from shared.chatops.offers import offers_of
from shared.chatops.tables import shard_table
from shared.chatops.wording import Showing, effect_lines, make_card, reason_lines, shard_lines, warning_lines
from shared.notifications.messages import is_not_in_effect
from shared.notifications.movements import attribute_lines, movement_lines
from shared.planning.liveness import NOT_IN_EFFECT
from shared.planning.outcomes import was_touched
from shared.positions import unix_of
from shared.results import Result

_OPENINGS = {
    "applied": "Applied",
    "unchanged": "Nothing to do",
    "duplicate": "Done before, nothing was written again",
    "accepted": "Accepted, not done yet",
    "partial": "Partly done",
    "refused": "Refused",
    "failed": "Failed",
}
_ENDED = "Ended as it stands"
_CHANGING = frozenset({"apply", "resume", "abandon"})


def outcome_card(result: Result, showing: Showing) -> Card:
    """Return what became of a write, for everybody; what changed nothing, for whoever asked alone."""
    return make_card(
        showing,
        result,
        opening_of(result),
        [*_who(result, showing), *body_of(result)],
        audience=audience_of(result),
        table=shard_table(result),
        offers=offers_of(result),
    )


def opening_of(result: Result) -> str:
    """Return what became of a write, in few words."""
    if is_not_in_effect(result):
        return NOT_IN_EFFECT + (", and only in part" if result.status == "partial" else "")
    if result.action == "abandon" and result.ok:
        return _ENDED
    opening = _OPENINGS.get(result.status, result.status)
    return opening if result.ok or result.status == "partial" else f"{opening} ({result.action.replace('_', ' ')})"


def audience_of(result: Result) -> Audience:
    """Return who is to see what became of a write: everybody, where something was written or an operation ended.

    What did not touch the group, refusals and repetitions above all, concerns the one who asked.
    """
    ended = result.action in _CHANGING and result.status in {"applied", "partial", "unchanged", "accepted"}
    wrote = result.status in {"applied", "partial"} and not result.dry_run
    touched = result.recorded_by is None and any(map(was_touched, result.shards))
    return "channel" if ended or wrote or touched else "person"


def body_of(result: Result) -> list[str]:
    """Return what a result says of a write, most important first."""
    return [
        *effect_lines(result),
        *reason_lines(result),
        *movement_lines(result),
        *attribute_lines(result),
        *warning_lines(result.warnings, but=frozenset({"not_in_effect", "duplicate"})),
        *_left_moved(result),
        *shard_lines(result),
    ]


def _left_moved(result: Result) -> list[str]:
    """Return what to know of an operation that ended half done: what it moved stays so until it is undone."""
    undoable = any(command.get("action") == "undo" for command in result.next)
    return ["What was written stays; Undo takes it back."] if result.action == "abandon" and undoable else []


def _who(result: Result, showing: Showing) -> list[str]:
    if result.recorded_by is not None:
        at = f", at {showing.instant(unix_of(result.recorded_at))}" if result.recorded_at else ""
        return [f"It was done before by {result.recorded_by}{at}."]
    return [f"By {showing.asked}."] if audience_of(result) == "channel" else []
