"""What commands that only read have found: where a group stands, what comes next, who did what."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from shared.chatops.messages import Card
from shared.chatops.offers import offers_of
from shared.chatops.prose import prose
from shared.chatops.tables import CELL_CHARS, Row, Table, again_and_skipped, short_time, table_of
from shared.chatops.verdicts import TOLD_BY_VERDICTS, verdict_lines, verdict_opening, verdict_table
from shared.chatops.wording import Showing, make_card, shard_lines, warning_lines
from shared.positions import duration, unix_of
from shared.results import Result

Found: TypeAlias = Mapping[str, Any]
"""One entry of what an action has under its own key."""

_FOREVER_DAYS = 3650
_EVIDENCE = 3
_SHOWN_LOGS = 3
_STANDING = ("shard", "consumed to (UTC)", "lag", "log groups", "held by", "written (UTC)", "kept until (UTC)")
_HISTORY = ("when (UTC)", "who", "what", "came to", "log groups", "operation", "why")


def reading_card(result: Result, showing: Showing) -> Card:
    """Return what was read, for whoever asked alone.

    A channel in an incident has enough to read; what concerns everybody is what was done, and whether it held.
    """
    opening, lines, table = _found(result, showing)
    return make_card(
        showing,
        result,
        opening,
        [*lines, *warning_lines(result.warnings, but=TOLD_BY_VERDICTS)],
        audience="person",
        table=table,
        offers=offers_of(result),
    )


def _found(result: Result, showing: Showing) -> tuple[str, list[str], Table]:
    own = result.own
    if "verify" in own:
        return verdict_opening(result), verdict_lines(result, showing), verdict_table(result)
    if "peek" in own:
        return "Next to be read", [*_peeked(_entries(own, "peek")), *shard_lines(result)], ()
    if "operations" in own:
        return "History, newest first", *_history(_entries(own, "operations"))
    if "consumer_groups" in own:
        return "Consumer groups", *_groups(_entries(own, "consumer_groups"))
    return _standing_of(result, showing)


def _standing_of(result: Result, showing: Showing) -> tuple[str, list[str], Table]:
    described = result.own.get("describe")
    if isinstance(described, Mapping):
        lines, table = _described(described, showing)
        return "Where it stands", [*lines, *shard_lines(result)], table
    if result.action == "snapshot":
        known = sum(bool(shard.before.checkpoint) for shard in result.shards)
        told = f"Of {known} shards, in the journal; as-of goes back to them."
        return "Positions written down", [told], ()
    return f"Done: {result.action}", [], ()


def _entries(own: Mapping[str, object], name: str) -> Sequence[Found]:
    entries = own[name]
    return entries if isinstance(entries, list | tuple) else ()


def _described(found: Found, showing: Showing) -> tuple[list[str], Table]:
    liveness = found.get("liveness") or {}
    signs = [f"{sign}." for sign in liveness.get("evidence", ())]
    more = len(signs) - _EVIDENCE
    kept = "for ever" if found["ttl_days"] >= _FOREVER_DAYS else f"for {found['ttl_days']} days"
    order = "on" if found["order"] else "off"
    lines = [
        f"{found['summary'].capitalize()}{_free_in(liveness, showing)}.",
        f"Log groups not consumed yet: {found['log_groups_behind']}.",
        *signs[:_EVIDENCE],
        *([f"{more} more shards show consumers."] if more > 0 else []),
        f"Timeout {found['timeout_s']} s, order {order}, log groups are kept {kept}.",
        f"Seen at {showing.instant(unix_of(found['observed_at']))}.",
    ]
    furthest_first = sorted(found["shards"], key=lambda shard: (-(shard["lag_s"] or 0), shard["shard"]))
    return lines, table_of(_STANDING, furthest_first, _standing, _standings)


def _free_in(liveness: Found, showing: Showing) -> str:
    free_at = liveness.get("free_at")
    return f": free in {duration(max(0.0, unix_of(free_at) - showing.now_unix))}" if free_at else ""


def _standing(shard: Found) -> Row:
    return (
        str(shard["shard"]),
        short_time(shard["time"]) or shard["state"].replace("_", " "),
        _lag(shard),
        "" if shard["log_groups_behind"] is None else str(shard["log_groups_behind"]),
        shard["consumer"] or "",
        short_time(shard["update_time"]),
        short_time(shard["position_expires_at"]),
    )


def _standings(shards: Sequence[Found]) -> Row:
    furthest = max(shards, key=lambda shard: shard["lag_s"] or 0)
    behind = sum(shard["log_groups_behind"] or 0 for shard in shards)
    held = sum(bool(shard["consumer"]) for shard in shards)
    lag = f"up to {_lag(furthest)}" if _lag(furthest) else ""
    return f"{len(shards)} more", "", lag, str(behind), f"{held} held" if held else "", "", ""


def _lag(shard: Found) -> str:
    if shard["lag_s"] is None:
        return ""
    return f"{'over ' if shard['lag_is_at_least'] else ''}{duration(shard['lag_s'])}"


def _groups(groups: Sequence[Found]) -> tuple[list[str], Table]:
    lines = [f"{len(groups)} that you may see."]
    return lines, table_of(("name", "timeout", "order"), groups, _group, lambda rest: (f"{len(rest)} more", "", ""))


def _group(group: Found) -> Row:
    return group["name"], f"{group['timeout']} s", "on" if group["order"] else "off"


def _peeked(log_groups: Sequence[Found]) -> list[str]:
    if not log_groups:
        return ["Nothing: it stands at the end."]
    return [line for number, found in enumerate(log_groups, start=1) for line in _log_group(number, found)]


def _log_group(number: int, found: Found) -> list[str]:
    logs = found["contents"]
    more = found["logs"] - min(len(logs), _SHOWN_LOGS)
    named = f"topic {found['topic'] or '(none)'}, source {found['source'] or '(none)'}"
    return [
        f"{number}. Log group of {found['logs']} logs, {named}.",
        *(_log(log) for log in logs[:_SHOWN_LOGS]),
        *([f"... {more} more logs"] if more > 0 else []),
    ]


def _log(log: Found) -> str:
    return f"{log['time']} " + ", ".join(f"{key}={value}" for key, value in log["values"].items())


def _history(operations: Sequence[Found]) -> tuple[list[str], Table]:
    if not operations:
        return ["Nothing in the journal's last 72 hours."], ()
    return [], table_of(_HISTORY, operations, _operation, lambda rest: (f"{len(rest)} more", *[""] * 6))


def _who(principal: str) -> str:
    """Return a principal, without channel and tenant where a cell would cut its end."""
    return principal if len(principal) <= CELL_CHARS else principal.rpartition("/")[2]


def _operation(op: Found) -> Row:
    moved = (shard["log_groups"] for shard in op["shards"] if shard["status"] == "moved")
    why = prose(op["reason"]) if op["reason"] else f"undoes {op['undoes']}" if op["undoes"] else ""
    came_to = op["state"] if op["status"] in {None, "applied"} else f"{op['state']}, {op['status']}"
    return (
        short_time(op["started_at"]),
        _who(op["principal"]),
        op["action"],
        came_to,
        again_and_skipped(moved),
        op["operation_id"],
        why,
    )
