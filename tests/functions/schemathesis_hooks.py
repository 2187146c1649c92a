"""What Schemathesis is told of commands that no schema can say; it loads this file by itself."""

import base64
import re
from typing import Any

import schemathesis

_INSTANTS = {"to", "at", "as_of", "since"}
_PAST_UNIX = 10**9
_WAITS_S = {"watch_s": 30, "wait_free_s": 600, "verify_after_s": 600}


@schemathesis.hook
def before_call(context: object, case: Any, kwargs: object) -> None:  # noqa: ANN401 -- its type differs between versions
    """Let a command mean what its schema says: of what the schema cannot tell, take what the parser takes."""
    del context, kwargs
    case.body = _meant(case.body)


def _meant(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, list):
        return [_meant(part) for part in value]
    if isinstance(value, dict):
        return _command({name: _meant(part) for name, part in value.items()})
    if isinstance(value, str):
        return _within_64_bits(value)
    # To JSON Schema 5.0 is an integer; the parser wants integers written as such.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _within_64_bits(text: str) -> str:
    # How large the number in a cursor is, no pattern tells.
    try:
        return text if int(base64.b64decode(text.strip().rstrip("=") + "==")) < 2**63 else "MQ=="
    except ValueError:
        return text


def _command(given: dict[str, Any]) -> dict[str, Any]:
    to, shards = given.get("to"), given.get("shards")
    if isinstance(to, dict) and isinstance(to.get("checkpoints"), dict) and _are_shards(shards):
        # They must not leave out a shard that `to` names.
        given["shards"] = None
    if isinstance(given.get("local"), str) and isinstance(given.get("zone"), str):
        # Which zones there are, only a machine knows.
        given["zone"] = "Asia/Shanghai"
    if isinstance(given.get("local"), str) and given.get("day", "today") == "today":
        # Whether it has come yet today, only a clock knows.
        given["day"] = "yesterday"
    for name in _INSTANTS & given.keys():
        given[name] = _past(given[name])
    for name, longest_s in _WAITS_S.items():
        # Waiting is right, and would take the test's time.
        if type(given.get(name)) is int and 0 < given[name] <= longest_s:
            given[name] = 1 if name == "watch_s" else 0
    if isinstance(given.get("target"), str) and "/" not in given["target"]:
        # No alias has such a name; what there is shows more than what there is not.
        given["target"] = "shop/orders/billing"
    return given


def _past(instant: object) -> object:
    # What lies in the future, only a clock knows.
    if type(instant) is int and _PAST_UNIX < instant < 1000 * 253_402_300_800:
        return _PAST_UNIX
    return re.sub(r"^(\s*)[2-9]\d{3}-", r"\g<1>2000-", instant) if isinstance(instant, str) else instant


def _are_shards(shards: object) -> bool:
    return isinstance(shards, list) and bool(shards) and all(type(n) is int and 0 <= n < 2**31 for n in shards)
