"""Results as tables that a person reads at a glance."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_LINE_LENGTH = 150


def shortened(command: Mapping[str, object]) -> str:
    """Return a command as one line, cut where it is long."""
    text = json.dumps(command)
    return text if len(text) <= _LINE_LENGTH else f"{text[:_LINE_LENGTH]}..."


def newest_times(result: Mapping[str, Any]) -> dict[int, datetime]:
    """Return, by shard, when the newest log group was received, as far as a result of `describe` tells."""
    return {
        shard["shard"]: _instant(shard["time"]) + timedelta(seconds=shard["lag_s"])
        for shard in result.get("describe", {}).get("shards", [])
        if shard["time"] and shard["lag_s"] is not None
    }


def _shard_lines(result: Mapping[str, Any], newest: Mapping[int, datetime]) -> list[str]:
    verified = {shard["shard"]: str(shard["state"]) for shard in result.get("verify", [])}
    rows: list[tuple[str, ...]] = [
        (
            str(shard["shard"]),
            verified.get(shard["shard"], str(shard["status"])),
            _clock(shard["before"]),
            _clock(shard["after"]),
            _steps(shard["log_groups"]),
            _lag(newest.get(shard["shard"]), shard),
        )
        for shard in result["shards"]
    ]
    return _table(("shard", "status", "before (UTC)", "after (UTC)", "log groups", "lag"), rows) if rows else []


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    shown = [n for n in range(len(head)) if any(row[n] for row in rows)]
    widths = {n: max(len(row[n]) for row in (head, *rows)) for n in shown}
    return ["  ".join(row[n].ljust(widths[n]) for n in shown).rstrip() for row in (head, *rows)]


def _attribute_lines(result: Mapping[str, Any]) -> list[str]:
    change = result["consumer_group"]
    if not change or change["before"] == change["after"]:
        return []
    before, after = change["before"], change["after"]
    return [f"{key}: {before[key]} -> {after[key]}" for key in after if before[key] != after[key]]


def _history_lines(result: Mapping[str, Any]) -> list[str]:
    rows: list[tuple[str, ...]] = [
        (
            op["started_at"][11:19],
            op["principal"],
            op["action"],
            f"{op['state']}, {op['status']}",
            f"{sum(shard['log_groups'] or 0 for shard in op['shards']):+}",
            op["reason"] or (f"undoes {op['undoes']}" if op["undoes"] else ""),
            op["operation_id"],
        )
        for op in result.get("operations", [])
    ]
    head = ("when (UTC)", "who", "what", "came to", "log groups", "why", "operation")
    return _table(head, rows) if rows else []


def _told(result: Mapping[str, Any]) -> list[str]:
    summary = result.get("describe", {}).get("summary")
    error = result["error"]
    return [
        *([f"= {summary}"] if summary else []),
        *(f"! {warning['code']}: {warning['message']}" for warning in result["warnings"]),
        *([f"error {error['code']}: {error['message']}"] if error else []),
    ]


def _clock(position: Mapping[str, Any] | None) -> str:
    if position is None:
        return ""
    return position["time"][11:19] if position["time"] else ("" if position["checkpoint"] else "never")


def _instant(time_text: str) -> datetime:
    return datetime.fromisoformat(time_text.replace("Z", "+00:00"))


def _steps(log_groups: int | None) -> str:
    if not log_groups:
        return "" if log_groups is None else "0"
    return f"{abs(log_groups)} {'again' if log_groups < 0 else 'skipped'}"


def _lag(newest: datetime | None, shard: Mapping[str, Any]) -> str:
    times = [at["time"] for at in (shard["before"], shard["after"]) if at and at["time"]]
    return " -> ".join(f"{(newest - _instant(at)).total_seconds():.0f} s" for at in times) if newest else ""


def result_lines(result: Mapping[str, Any], newest: Mapping[int, datetime]) -> list[str]:
    """Return a result as lines: its shards, attributes or operations, then what it says."""
    return [
        *_shard_lines(result, newest),
        *_attribute_lines(result),
        *_history_lines(result),
        *_told(result),
    ]
