"""Results and viewers as tests of cards need them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from shared.chatops.cards import card_of, verification_card
from shared.chatops.messages import Card
from shared.cursors import encode_cursor
from shared.planning.liveness import NOT_IN_EFFECT
from shared.positions import iso_utc, unix_of
from shared.results import (
    AttributeChange,
    Attributes,
    Direction,
    Error,
    Notice,
    Position,
    Result,
    ShardResult,
    ShardStatus,
    Sight,
    Target,
)

NOW_UNIX = unix_of("2026-11-20T02:00:28Z")
BILLING = Target("shop", "orders", "billing")
PLAN_ID = "q7h3kd2m5x"
OPERATION_ID = "k3jx2m5q7aaaaaaa"
APPLY = {"action": "apply", "plan_id": PLAN_ID}
NAMED = {"project": "shop", "logstore": "orders", "consumer_group": "billing", "operation_id": OPERATION_ID}
UNDO, VERIFY, RESUME, ABANDON = ({**NAMED, "action": action} for action in ("undo", "verify", "resume", "abandon"))
WEI = "slack:T024BE7LD/U061F7AUR"
NOT_YET = Notice(
    "not_in_effect",
    f"{NOT_IN_EFFECT}: shard 0 is held by consumer-1, which has written nothing for 1 h 00 min. To be safe: stop them.",
)
END = 10_000


def shard(
    number: int,
    status: ShardStatus = "planned",
    *,
    direction: Direction = "backward",
    back: int = 7200,
    note: str | None = None,
    error: Error | None = None,
) -> ShardResult:
    """Return a shard that stood 600 log groups, a second each, before its end, and went back by so many."""
    before, after = END - 600, END - 600 - back
    consumed_unix = NOW_UNIX - 600
    return ShardResult(
        shard=number,
        status=status,
        direction=direction,
        before=Position(encode_cursor(before), iso_utc(consumed_unix)),
        after=Position(encode_cursor(after), iso_utc(consumed_unix - back)),
        log_groups=-back,
        note=note,
        error=error,
    )


def planned(*shards: ShardResult, sight: Sight | None = None, warnings: tuple[Notice, ...] = ()) -> Result:
    """Return the preview of a rewind by two hours, good for fourteen minutes and 42 seconds."""
    shards = shards or tuple(map(shard, range(4)))
    ends = {shard.shard: END for shard in shards}
    return Result(
        status="planned",
        action="rewind",
        target=BILLING,
        dry_run=True,
        shards=shards,
        warnings=warnings,
        plan_id=PLAN_ID,
        expires_at="2026-11-20T02:15:10Z",
        next=(APPLY,),
        fc_request_id="1-65f0-abc",
        sight=replace(sight or Sight(consumers="free"), ends=ends),
    )


def applied(*shards: ShardResult, **more: Any) -> Result:  # noqa: ANN401 -- named and typed by Result
    """Return the outcome of that rewind, applied by its plan's id."""
    told: dict[str, Any] = {
        "status": "applied",
        "action": "apply",
        "target": BILLING,
        "operation_id": OPERATION_ID,
        "plan_id": PLAN_ID,
        "shards": shards or tuple(shard(number, "moved") for number in range(4)),
        "next": (VERIFY, UNDO),
        "fc_request_id": "1-65f0-abc",
    }
    return Result(**{**told, **more})


def verified(*verdicts: Mapping[str, object], **more: Any) -> Result:  # noqa: ANN401 -- named and typed by Result
    """Return what `verify` found of that operation."""
    told: dict[str, Any] = {
        "status": "read",
        "action": "verify",
        "target": BILLING,
        "shards": tuple(ShardResult(int(str(v["shard"])), "read", Position("MTAw")) for v in verdicts),
        "own": {"verify": list(verdicts)},
        "looked_at": OPERATION_ID,
    }
    return Result(**{**told, **more})


def verdict(
    number: int, state: str, *, consumer: str | None = None, operation_id: str | None = None
) -> dict[str, object]:
    """Return one verdict of `verify`."""
    return {
        "shard": number,
        "state": state,
        "checkpoint": "MTAw",
        "expected": "MTAw",
        "consumer": consumer,
        "operation_id": operation_id,
        "update_time": "2026-11-20T02:01:10Z",
    }


def attributes(status: Any, **more: Any) -> Result:  # noqa: ANN401 -- a Status; named and typed by Result
    """Return what became of a longer timeout."""
    change = AttributeChange(Attributes(60, order=False), Attributes(120, order=False))
    told: dict[str, Any] = {"action": "update_consumer_group", "target": BILLING, "consumer_group": change}
    return Result(status=status, **{**told, **more})


def card(result: Result, *, asked: str = WEI, zone: str | None = "Asia/Shanghai", replaces: bool = False) -> Card:
    """Return the card of a result, as somebody in that zone gets it now."""
    return card_of(
        result,
        asked,
        zone=ZoneInfo(zone) if zone else None,
        zone_name=zone,
        now_unix=NOW_UNIX,
        replaces=replaces,
    )


def later_card(result: Result) -> Card:
    """Return the card of a verification."""
    zone = "Asia/Shanghai"
    return verification_card(result, WEI, zone=ZoneInfo(zone), zone_name=zone, now_unix=NOW_UNIX)
