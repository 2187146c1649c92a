"""peek: the log groups that a consumer would get next."""

from shared.cursors import decode_cursor
from shared.execution.invocation import Work
from shared.execution.observing import read_checkpoints
from shared.names import printable
from shared.operation_commands import Peek
from shared.planning.standing import position_of
from shared.positions import iso_utc
from shared.results import Position, Result, ShardResult
from shared.sls.loggroups import LogGroup
from shared.sls.models import ShardCheckpoint

_LONGEST_VALUE = 200
_MOST_LOGS = 20


def peek(work: Work, command: Peek) -> Result:
    """Return the log groups at a shard's checkpoint; where it has none or it has expired, at the oldest one kept."""
    logstore = work.target.logstore
    found = read_checkpoints(work)[0].get(command.shard, ShardCheckpoint(command.shard, "", 0, ""))
    begin = work.client.get_cursor(logstore, command.shard, "begin").value
    position = position_of(found.checkpoint)
    readable = position is not None and position >= decode_cursor(begin)
    cursor = found.checkpoint if readable else begin
    note = None if readable else "no readable checkpoint: these are the oldest log groups kept"
    pulled = work.client.pull_logs(logstore, command.shard, cursor, count=command.count).value
    shown = [_shown(group) for group in pulled.groups[: command.count]]
    shard = ShardResult(command.shard, "read", Position(found.checkpoint), note=note)
    return work.result("read", shards=[shard], own={"peek": shown})


def _shown(group: LogGroup) -> dict[str, object]:
    return {
        "topic": printable(group.topic),
        "source": printable(group.source),
        "logs": len(group.logs),
        "contents": [
            {
                "time": _time(log.time_unix),
                "values": {printable(key): value[:_LONGEST_VALUE] for key, value in log.contents.items()},
            }
            for log in group.logs[:_MOST_LOGS]
        ],
    }


def _time(unix: int) -> str | None:
    try:
        return iso_utc(unix)
    except (ValueError, OverflowError, OSError):
        # Whoever wrote it did not count in seconds; how else, nobody said.
        return None
