"""Results and destinations as tests of notifications need them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone

from shared.policy.rules import DestinationKind, Policy
from shared.results import Direction, Position, Result, ShardResult, ShardStatus, Target
from shared.secret_settings import Destination
from shared.settings import Settings, load_settings

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=timezone.utc)
TIMER = "timer:sls-rewind-schedule/nightly"
BILLING = Target("shop", "orders", "billing")
UNDO = {
    "action": "undo",
    "project": "shop",
    "logstore": "orders",
    "consumer_group": "billing",
    "operation_id": "k3jx2m5q7aaaaaaa",
}
VERIFY = {**UNDO, "action": "verify"}
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def shard(
    number: int,
    status: ShardStatus = "moved",
    *,
    direction: Direction = "backward",
    note: str | None = None,
    log_groups: int | None = -7200,
) -> ShardResult:
    """Return what became of a shard that went back by two hours."""
    return ShardResult(
        shard=number,
        status=status,
        direction=direction,
        before=Position("MjAw", "2026-11-20T01:00:00Z"),
        after=Position("MTAw", "2026-11-19T23:00:00Z"),
        log_groups=log_groups,
        note=note,
    )


def applied(*shards: ShardResult) -> Result:
    """Return the result of a rewind that was applied to these shards, or to four."""
    return Result(
        status="applied",
        action="rewind",
        target=BILLING,
        operation_id="k3jx2m5q7aaaaaaa",
        fc_request_id="1-65f0-abc",
        shards=shards or tuple(map(shard, range(4))),
        next=(VERIFY, UNDO),
    )


def settings(**destinations: Destination) -> Settings:
    """Return settings that know these destinations."""
    return replace(load_settings({"REWIND_REGION": "cn-hangzhou"}), destinations=destinations)


def policy(**kinds: DestinationKind) -> Policy:
    """Return a policy that knows destinations of these kinds."""
    destinations: Mapping[str, DestinationKind] = kinds
    return Policy(destinations=destinations)
