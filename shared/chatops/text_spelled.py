"""From a command to the text that asks for it, for offers such as: send "apply zkphfbw3pm"."""

from collections.abc import Mapping

from shared.chatops.text_commands import CommandAsked, TextError, read_text
from shared.chatops.text_times import clock_text

_WORDS = {
    "operation_id": "",
    "limit": "",
    "timeout": "",
    "order": "",
    "to": "",
    "shard": "shard ",
    "shards": "shards ",
    "count": "count ",
    "watch_s": "watch ",
    "since": "since ",
    "at": "at ",
    "on_expired": "",
    "wait_free_s": "wait ",
    "verify_after_s": "verify-after ",
    "allow_active": "",
    "reason": "because ",
}
"""What stands before a field's value; in the order in which fields are written."""

_VERBS = {"list_consumer_groups": "list"}
_NAMES = ("project", "logstore", "consumer_group")


def spell(command: Mapping[str, object]) -> str:
    """Return the text that `read_text` reads as this very command.

    A target in parts is written as one, and `dry_run: true` is not written where a text plans anyway.

    Raises:
        ValueError: No text asks for it, as for `dry_run: false`, a batch, or exact checkpoints.
    """
    wanted = _with_target({key: value for key, value in command.items() if value is not None})
    aliases = (str(command["target"]),) if "target" in command else ()
    text = _written(wanted)
    try:
        asked = read_text(text, aliases=aliases, default_zone=True)
    except TextError as error:
        raise ValueError("no text asks for this command") from error
    if wanted.get("action") in {"rewind", "skip", "seek", "undo"} and wanted.get("dry_run") is True:
        del wanted["dry_run"]
    if not isinstance(asked, CommandAsked) or asked.command != wanted:
        raise ValueError("no text asks for this command")
    return text


def _with_target(command: dict[str, object]) -> dict[str, object]:
    parts = [name for name in _NAMES if name in command]
    if "target" in command or tuple(parts) not in {_NAMES, _NAMES[:2]}:
        return command
    target = "/".join(str(command[name]) for name in parts)
    return {**{key: value for key, value in command.items() if key not in parts}, "target": target}


def _written(command: Mapping[str, object]) -> str:
    action = str(command.get("action"))
    if action == "update_consumer_group":
        action = "timeout" if "timeout" in command else "order"
    subject = command.get("target", command.get("plan_id"))
    words = [_VERBS.get(action, action), *([] if subject is None else [str(subject)])]
    words += [lead + _value(key, command[key], action) for key, lead in _WORDS.items() if key in command]
    return " ".join(words)


def _value(key: str, value: object, action: str) -> str:
    if key == "to":
        return _goal(value, action)
    if key in {"since", "at"}:
        return _time(value)
    if key == "shards" and isinstance(value, list):
        return ",".join(map(str, value))
    if key == "allow_active":
        return "allow-active"
    if key == "order":
        return "on" if value else "off"
    return f"{value}s" if key.endswith("_s") else str(value)


def _goal(to: object, action: str) -> str:
    if not isinstance(to, dict):
        is_time = isinstance(to, int) or "T" in str(to).lstrip("P")[:11]
        return str(to) if to in ("begin", "end") or not (is_time or action == "skip") else f"to {to}"
    if "as_of" in to:
        return f"as-of {_time(to['as_of'])}"
    if "consumer_group" in to:
        return f"like {to['consumer_group']}"
    if isinstance(to.get("shift"), int):
        sign = {"rewind": -1, "skip": 1}.get(action)
        return f"by {to['shift']:+}" if sign is None else f"by {to['shift'] * sign}"
    return f"to {_time(to)}"


def _time(value: object) -> str:
    return clock_text(value) if isinstance(value, dict) else str(value)
