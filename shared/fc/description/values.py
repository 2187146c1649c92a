"""JSON Schemas of the values that pydantic's models check by code: names, cursors, times, goals.

Patterns keep to what ECMA-262 and Python both have. Where a schema is not enough, it accepts and the parser refuses:
`NOT_EXPRESSED` says so to those who read it.
"""

from typing import Any

from shared.names import CONSUMER_GROUP, LOGSTORE, PROJECT

Schema = dict[str, Any]

_LATEST_MS = 253_402_300_799_999
_MAX_INT32 = 2**31 - 1
_MAX_INT64 = 2**63 - 1

_YEAR = "(?:19[7-9][0-9]|[2-9][0-9]{3})"
_DAY = "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-9])|(?:0[13-9]|1[0-2])-30|(?:0[13578]|1[02])-31)"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_ZONE = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):?(?:[0-5][0-9])?)"
_TIME = rf"^\s*{_YEAR}-{_DAY}[Tt ]{_CLOCK}(?:[.,][0-9]{{1,9}})?(?: ?{_ZONE})?\s*$"

_N = "[0-9]{1,9}"
_SHORT = f"(?:{_N}w)?(?:{_N}d)?(?:{_N}h)?(?:{_N}m)?(?:{_N}s)?"
_ISO = f"P(?:{_N}W)?(?:{_N}D)?(?:T(?:{_N}H(?:{_N}M)?(?:{_N}S)?|{_N}M(?:{_N}S)?|{_N}S))?"

# Base64 of three, two and one decimal digits.
_THREE = "(?:[MN][DTjz]|O[DT])[AEIMQUYcgk][wxyz0-5]"
_TWO = "(?:[MN][DTjz]|O[DT])[AEIMQUYcgk]=?"
_ONE = "(?:[MN][AQgw]|O[AQ])(?:==?)?"
_CURSOR = f"^(?:(?:{_THREE}){{0,5}}{_TWO}|(?:{_THREE}){{0,6}}{_ONE}|(?:{_THREE}){{1,6}})\\n*$"


NOT_EXPRESSED = (
    "What a schema cannot express, it accepts and the function refuses: the 29th of a February without one, a time "
    "that lies in the future, a zone that is not known, a time without a zone where policy.toml sets none, a cursor "
    "beyond 64 bits, a target's alias that policy.toml does not have, `shards` that leave out one which "
    "`to.checkpoints` names, a whole number that is written as 1.0, and a batch longer than max_targets."
)


def reference(name: str) -> Schema:
    """Return a schema that points to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def nullable(schema: Schema) -> Schema:
    """Return a schema that also takes null, which is the same as leaving the field out."""
    return {"anyOf": [schema, {"type": "null"}]}


def _exactly_one(key: str, value: Schema) -> Schema:
    return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}


def _decimals_up_to(limit: int) -> str:
    """Return the pattern of whole numbers without leading zeros, from 0 to a limit of several digits."""
    digits = str(limit)
    shorter = f"0|[1-9][0-9]{{0,{len(digits) - 2}}}"
    below = [
        f"{digits[:n]}[{0 if n else 1}-{int(digit) - 1}][0-9]{{{len(digits) - n - 1}}}"
        for n, digit in enumerate(digits)
        if int(digit) > (0 if n else 1)
    ]
    return f"(?:{'|'.join([shorter, *below, digits])})"


def _checkpoints() -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{_decimals_up_to(_MAX_INT32)}$"},
        "additionalProperties": reference("Cursor"),
    }


def _local() -> Schema:
    return {
        "description": "A wall-clock time of the command's own day, or of the day before it.",
        "type": "object",
        "properties": {
            "local": {"type": "string", "pattern": f"^{_CLOCK}$"},
            "day": {"enum": ["today", "yesterday"]},
            "zone": {
                "description": "Such as Asia/Shanghai; policy.toml may set a default.",
                "type": ["string", "null"],
            },
        },
        "required": ["local"],
        "additionalProperties": False,
    }


def _goal() -> Schema:
    shift = {"type": "integer", "minimum": -_MAX_INT64, "maximum": _MAX_INT64, "not": {"const": 0}}
    return {
        "description": "Where the group is to go. Times mean when SLS received the data.",
        "anyOf": [
            {"enum": ["begin", "end"]},
            reference("Duration"),
            reference("Instant"),
            {"description": "What the group had consumed then.", **_exactly_one("as_of", reference("Instant"))},
            {"description": "Where another group stands.", **_exactly_one("consumer_group", reference("GroupName"))},
            _exactly_one("consumerGroup", reference("GroupName")),
            {"description": "Exactly there, by shard.", **_exactly_one("checkpoints", _checkpoints())},
            {"description": "So many log groups on, in each shard.", **_exactly_one("shift", shift)},
            _local(),
        ],
    }


def definitions() -> dict[str, Schema]:
    """Return every definition of this module by its name."""
    return {
        "ProjectName": {"type": "string", "pattern": f"^{PROJECT.pattern}$"},
        "LogstoreName": {"type": "string", "pattern": f"^{LOGSTORE.pattern}$"},
        "GroupName": {"type": "string", "pattern": f"^{CONSUMER_GROUP.pattern}$"},
        "Cursor": {
            "description": "A cursor of SLS: base64 of a decimal position in its shard.",
            "type": "string",
            "pattern": _CURSOR,
        },
        "Checkpoints": {"description": "Cursor by shard.", **_checkpoints()},
        "Consumer": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "pattern": r"^[^\u0000-\u001f\u007f-\u00a0\u00ad\u2028\u2029]*$",
        },
        "Duration": {
            "description": "So long before the command's own time: 90m, 2h, 1d12h, PT2H.",
            "type": "string",
            "pattern": f"^(?:{_SHORT}|{_ISO})$",
            "allOf": [{"pattern": "[1-9]"}],
        },
        "Instant": {
            "description": "ISO-8601 with a zone (policy.toml may set a default), or epoch seconds, from 10^11 on ms.",
            "anyOf": [
                {"type": "string", "pattern": _TIME},
                {"type": "integer", "minimum": 0, "maximum": _LATEST_MS},
            ],
        },
        "Goal": _goal(),
    }


def target_of(parts: int) -> Schema:
    """Return the schema of `target`: an alias of policy.toml, or names joined by slashes.

    Args:
        parts: 3 for commands on a group; 2 for those on a Logstore, which take a group's target too.
    """
    logstore = f"{PROJECT.pattern}/{LOGSTORE.pattern}"
    group = f"/{CONSUMER_GROUP.pattern}"
    whole = f"{logstore}{group}" if parts > 2 else f"{logstore}(?:{group})?"  # noqa: PLR2004 -- told above
    return {
        "description": "An alias of policy.toml, or project/logstore/consumer_group.",
        "type": "string",
        "pattern": f"^(?:[^/]*|{whole})$",
    }
