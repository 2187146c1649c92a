"""Records as instances write them, and hostile ones, for tests of what they add up to."""

from itertools import count
from typing import Any

from hypothesis import strategies as st

from shared.journal.records import Kind, Record
from shared.moves import Move, move_record
from shared.planning.plans import OperationPlan, plan_record
from shared.results import Position

T0 = 1_750_000_000
GROUP = ("shop", "orders", "billing")
OTHER = ("shop", "orders", "audit")
BEFORE, AFTER = "MjAw", "MTAw"
"""Positions 200 and 100."""

_ids = count()


def move(shard: int = 0, **more: Any) -> Move:  # noqa: ANN401 -- fields of Move
    """Return a move back from 200 to 100."""
    told = {"log_groups": -100, "distance_s": 100, **more}
    return Move(shard, Position(BEFORE), Position(AFTER), "backward", **told)


def plan_of(*moves: Move) -> dict[str, object]:
    """Return the record of a plan."""
    return plan_record(OperationPlan(moves=moves or (move(),)))


def record(
    kind: Kind,
    operation_id: str = "op",
    at: int = 0,
    *,
    group: tuple[str, str, str] = GROUP,
    record_id: str | None = None,
    **detail: Any,  # noqa: ANN401 -- any JSON
) -> Record:
    """Return a record that was written some seconds after the beginning."""
    told = record_id or f"r{next(_ids)}"
    more = {"plan_id": operation_id, "operation_id": "" if kind in {"planned", "snapshot"} else operation_id}
    return Record(kind, told, T0 + at, *group, "webhook:ci", "rewind", detail=detail, **more)


def started(operation_id: str = "op", at: int = 0, *, claim: str, lease: int = 60, **more: Any) -> Record:  # noqa: ANN401 -- as record has them
    """Return a claim, by instance "a" unless told otherwise, with a lease of some seconds."""
    told: dict[str, Any] = {"plan": plan_of(), "instance": "a", "lease_unix": T0 + at + lease, **more}
    return record("started", operation_id, at, record_id=claim, **told)


def finished(
    operation_id: str = "op",
    at: int = 1,
    *,
    claim: str,
    state: str = "finished",
    **detail: Any,  # noqa: ANN401 -- any JSON
) -> Record:
    """Return the end of a claim."""
    return record("finished", operation_id, at, claim=claim, state=state, **detail)


def shard_record(shard: int = 0, status: str = "moved") -> dict[str, object]:
    """Return what became of the move of a shard."""
    told = move_record(move(shard))
    kept = {key: told[key] for key in ("shard", "before", "after", "direction", "log_groups", "note")}
    return {**kept, "status": status, "error": None}


_KEYS = (
    *("moves", "shards", "shard", "before", "after", "checkpoint", "status", "direction", "attributes", "checkpoints"),
    *("plan", "lease_unix", "instance", "claim", "state", "error", "consumer_group", "0", "٣"),
)

hostile_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([BEFORE, AFTER, "moved", "backward", "٣", "0" * 5000]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
"""JSON that nobody of ours would write where a detail stands."""


@st.composite
def hostile_details(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a detail of the right form in which one thing, somewhere, is wrong."""
    detail: dict[str, Any] = {
        "plan": plan_of(move(0), move(1)),
        "claim": draw(st.sampled_from(["c1", "c2", "c3"])),
        "state": draw(st.sampled_from(["finished", "unfinished", "failed", "odd"])),
        "instance": draw(st.sampled_from(["a", "b", ""])),
        "lease_unix": T0 + draw(st.integers(0, 100)),
        "shards": [shard_record(0), shard_record(1, "failed")],
        "checkpoints": {"0": BEFORE, "1": AFTER},
        "error": None,
        "consumer_group": None,
        "states": {"0": "held"},
        "command": {"action": "rewind"},
        "expires_unix": T0 + 900,
    }
    at: Any = detail
    key: Any = draw(st.sampled_from(sorted(detail)))
    for _ in range(draw(st.integers(0, 4))):
        keys = (
            sorted(at[key]) if isinstance(at[key], dict) else range(len(at[key])) if isinstance(at[key], list) else ()
        )
        if not keys:
            break
        at, key = at[key], draw(st.sampled_from(list(keys)))
    at[key] = draw(hostile_values)
    return detail
