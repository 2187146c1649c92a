"""The promises, held against each result and against history."""

import json
from collections.abc import Mapping

from shared.results import Result, ShardResult
from tests.e2e.stateful_witness import Witness, Write
from tests.e2e.stateful_world import World

_WROTE_NOTHING = frozenset({"read", "planned", "unchanged", "duplicate"})
_UNTOUCHED = frozenset({"not_attempted", "skipped", "unchanged", "planned", "read"})
_KEPT_S = 71 * 3600


def check_result(witness: Witness, command: Mapping[str, object], result: Result) -> None:
    """Fail if a result says what is not so: never a wrong success."""
    json.dumps(result.as_dict())
    assert result.error is None or result.error.code != "internal_error", result
    around = witness.operations_around | {""}
    ours = [w for w in witness.writes if w.operation_id not in around and w.invocation == witness.last_invocation]
    if result.status in _WROTE_NOTHING or (result.status == "refused" and not result.shards):
        assert not ours, (result, ours)
    told_again = result.status == "duplicate" or any(warning.code == "duplicate" for warning in result.warnings)
    if result.target is None or told_again:
        return
    for shard in result.shards:
        _check_shard(witness, result, shard, [w for w in ours if w.shard == shard.shard])
    if "verify" in result.own:
        verified = command["operation_id"] if result.action == "verify" else result.operation_id
        _check_verdicts(witness, result, verified)


def _check_shard(witness: Witness, result: Result, shard: ShardResult, written: list[Write]) -> None:
    group = result.target.consumer_group or "" if result.target else ""
    note = shard.note or ""
    here = [w for w in witness.writes if (w.consumer_group, w.shard) == (group, shard.shard)]
    others = [w for w in here if not w.operation_id and w.invocation == witness.last_invocation]
    if shard.status == "moved":
        there = witness.group(group)
        _check_moved(result, shard, here, there.checkpoint(shard.shard).checkpoint if there else "")
    elif shard.status in _UNTOUCHED or (shard.status == "conflict" and not note.startswith("written")):
        assert not written, (shard, written)
    elif shard.status == "failed" and "not known" not in note and not others:
        assert not [w for w in written if w.prior != w.checkpoint], (shard, written)


def _check_moved(result: Result, shard: ShardResult, here: list[Write], stands: str) -> None:
    own = [w.number for w in here if w.operation_id == result.operation_id]
    later = [w for w in here if w.operation_id != result.operation_id and (not own or w.number > own[-1])]
    # Another operation has to wait until this one has ended; its end is told at once, unless it is verified first.
    others_later = [w for w in later if not w.operation_id or "verify" in result.own]
    assert shard.after is not None, shard
    assert stands == shard.after.checkpoint or (own and others_later), (shard, stands, here[-4:])


def _check_verdicts(witness: Witness, result: Result, operation_id: object) -> None:
    verdicts = result.own.get("verify", [])
    assert isinstance(verdicts, list)
    wrote = {w.shard for w in witness.writes if w.operation_id == operation_id}
    for verdict in verdicts:
        is_there = verdict["checkpoint"] == verdict["expected"]
        assert (verdict["state"] == "held") <= is_there, verdict
        assert not (verdict["state"] == "not_moved" and is_there and verdict["shard"] in wrote), verdict


def check_history(world: World, target: dict[str, object]) -> None:
    """Fail if an operation wrote over a position that history does not know: never a lost original position."""
    world.renew(0)
    result = world.run({**target, "action": "history", "limit": 200})
    assert result is not None
    operations = result.own["operations"]
    assert isinstance(operations, list)
    known = {(op["operation_id"], shard["shard"]): shard["before"] for op in operations for shard in op["shards"]}
    witness = world.witness
    group = str(target["target"]).rpartition("/")[2]
    for write in witness.writes:
        is_recent = write.unix > witness.now_unix - _KEPT_S
        if write.operation_id and write.consumer_group == group and is_recent and write.prior != write.checkpoint:
            before = known.get((write.operation_id, write.shard))
            assert before == write.prior or witness.was_meddled_with(write), (write, before)
