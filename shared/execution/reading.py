"""The commands that only read: which groups there are, and where one stands."""

from dataclasses import replace

from shared.commands import Describe
from shared.execution.attributes import attributes_of
from shared.execution.drifting import Drift, find_drifts
from shared.execution.invocation import CLOSING_TIME_S, Work
from shared.execution.observing import GroupObservation, judge_group, observe_group, observe_shards, read_checkpoints
from shared.frozen import as_plain
from shared.planning.liveness import Liveness
from shared.planning.standing import ShardStanding, lag_sentence, position_of, shard_standing
from shared.positions import iso_utc
from shared.results import AttributeChange, Result, ShardResult, Target
from shared.sls.models import ShardCheckpoint


def list_consumer_groups(work: Work) -> Result:
    """Return the Logstore's groups, of those that policy lets the caller see."""
    target, invocation = work.target, work.invocation
    groups = work.client.list_consumer_groups(target.logstore).value
    seen = [
        {"name": group.name, "timeout": group.timeout_s, "order": group.in_order}
        for group in groups
        if invocation.policy.sees(
            invocation.principal, work.command.action, Target(target.project, target.logstore, group.name)
        )
    ]
    if len(seen) < len(groups):
        work.warn("groups_hidden", "policy.toml hides some consumer groups of this Logstore from the caller")
    return work.result("read", own={"consumer_groups": seen})


def describe(work: Work) -> Result:
    """Return where the group stands, shard by shard and as a whole."""
    watch_s = work.command.watch_s if isinstance(work.command, Describe) else 0
    group = observe_group(work)
    logstore = work.client.get_logstore(work.target.logstore).value
    observed = observe_shards(work, group, group.shards)
    standings = [shard_standing(seen, ttl_days=logstore.ttl_days) for seen in observed]
    watched, moved = _watch(work, group, watch_s)
    checkpoints = watched.checkpoints.values()
    liveness = judge_group(work, group.attributes, checkpoints, watched.server_unix, moved)
    attributes = attributes_of(group.attributes)
    drifts = find_drifts(work, attributes)
    return work.result(
        "read",
        shards=[ShardResult(s.shard, "read", s.before, note=s.note) for s in standings],
        consumer_group=AttributeChange(attributes, attributes),
        own={"describe": _description(group, standings, liveness, logstore.ttl_days, moved, drifts)},
    )


def _watch(work: Work, group: GroupObservation, watch_s: int) -> tuple[GroupObservation, dict[int, int | None]]:
    """Return the group as it stands once it was watched, and by how many log groups each moving shard moved."""
    if not watch_s:
        return group, {}
    work.invocation.sleep(min(watch_s, max(0.0, work.invocation.remaining_s() - 2 * CLOSING_TIME_S)))
    later, now_unix = read_checkpoints(work)
    moved = {
        shard_id: _steps(group.checkpoint(shard_id), checkpoint)
        for shard_id, checkpoint in later.items()
        if _written(group.checkpoint(shard_id)) != _written(checkpoint)
    }
    return replace(group, checkpoints=later, server_unix=now_unix), moved


def _written(checkpoint: ShardCheckpoint) -> tuple[str, int]:
    # The holder is left out: it changes by assignment, without anybody writing.
    return checkpoint.checkpoint, checkpoint.updated_unix_us


def _steps(earlier: ShardCheckpoint, later: ShardCheckpoint) -> int | None:
    before, after = position_of(earlier.checkpoint), position_of(later.checkpoint)
    return None if before is None or after is None else after - before


def _description(
    group: GroupObservation,
    standings: list[ShardStanding],
    liveness: Liveness,
    ttl_days: int,
    moved: dict[int, int | None],
    drifts: tuple[Drift, ...],
) -> dict[str, object]:
    lags = [s.lag_s for s in standings if s.lag_s is not None]
    return {
        "lag_s": max(lags, default=None),
        "summary": f"{lag_sentence(standings)}; consumers: {liveness.state}",
        "log_groups_behind": sum(s.log_groups_behind or 0 for s in standings),
        "liveness": as_plain(liveness),
        "observed_at": iso_utc(group.server_unix),
        "ttl_days": ttl_days,
        "timeout_s": group.attributes.timeout_s,
        "order": group.attributes.in_order,
        "attributes_drifted": [as_plain(drift) for drift in drifts],
        "shards": [{**as_plain(s), "moved_log_groups": moved.get(s.shard)} for s in standings],
    }
