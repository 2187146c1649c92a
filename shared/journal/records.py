"""Records: what the journal holds, one LogGroup each, flat so that SLS can index and query it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Any, Literal, cast, get_args

from shared.frozen import frozen
from shared.sls.loggroups import Log, LogGroup

Kind = Literal[
    "planned",
    "started",
    "withdrawn",
    "finished",
    "abandoned",
    "verified",
    "snapshot",
    "proposed",
    "anchored",
    "answered",
]  # fmt: skip -- two lines read better than ten

TOPIC = "sls-rewind"
# The last second that has a name in ISO-8601, less two days: a lease outlasts its record by one.
_LATEST_UNIX = 253_402_300_799 - 2 * 86_400
_ID = re.compile(r"(?:[a-z2-7]{10}|[a-z2-7]{16})?")
_KINDS = frozenset(get_args(Kind))
_FLAT = (
    "kind",
    "record_id",
    "operation_id",
    "plan_id",
    "principal",
    "action",
    "project",
    "logstore",
    "consumer_group",
    "status",
    "reason",
)
INDEXED_KEYS = _FLAT
"""The keys that the journal's index covers; `detail` is JSON and indexed as text."""


@frozen
class Record:
    """One record.

    Attributes:
        kind: What it says.
        record_id: Fresh for each record; how a writer knows its own again. Of `started`, it names the claim.
        written_unix: When it was written, by SLS's clock as the writer knows it.
        operation_id: What it belongs to; "" for plans and snapshots.
        plan_id: The plan that it makes, or that the operation carries out; "" if none.
        principal: Who asked.
        action: What was asked.
        status: For `finished`, `answered`: the result's; for `proposed`: "told" once people were told of it; else "".
        reason: The caller's, on one line; "" if none.
        detail: What belongs to the kind; see `docs/journal.md`.
    """

    kind: Kind
    record_id: str
    written_unix: int
    project: str
    logstore: str
    consumer_group: str
    principal: str
    action: str
    operation_id: str = ""
    plan_id: str = ""
    status: str = ""
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> tuple[str, str, str]:
        """The consumer group it is about."""
        return self.project, self.logstore, self.consumer_group


def log_group_of(record: Record) -> LogGroup:
    """Return a record as it is written."""
    contents = {key: str(getattr(record, key)) for key in _FLAT}
    contents["detail"] = json.dumps(dict(record.detail), ensure_ascii=True, separators=(",", ":"))
    return LogGroup((Log(record.written_unix, contents),), topic=TOPIC)


def read_record(group: LogGroup) -> Record | None:
    """Return the record that a LogGroup holds; None for what some other tool wrote, whenever it is read."""
    if group.topic != TOPIC or len(group.logs) != 1:
        return None
    log = group.logs[0]
    if log.time_unix > _LATEST_UNIX:
        return None
    flat = {key: log.contents.get(key) for key in _FLAT}
    if not _is_ours(flat):
        return None
    detail = log.contents.get("detail", "")
    try:
        _decoded(detail)
    except (ValueError, RecursionError):
        return None
    return Record(written_unix=log.time_unix, detail=_Detail(detail), **cast("dict[str, Any]", flat))


class _Detail(Mapping[str, Any]):
    """What a record's JSON says, kept as its text: a journal's window holds many records, and few are looked into."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 -- any JSON value
        return _decoded(self._text)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_decoded(self._text))

    def __len__(self) -> int:
        return len(_decoded(self._text))


# Whoever looks into a record does so several times in a row.
@lru_cache(maxsize=4)
def _decoded(text: str) -> Mapping[str, Any]:
    # NaN and its like are no JSON, and would make answers of ours none either.
    detail = json.loads(text, parse_constant=lambda _: None)
    if not isinstance(detail, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- it is what was written that is wrong, not a caller's type
    return detail


def _is_ours(flat: Mapping[str, str | None]) -> bool:
    # An id that no command could name would hold a group for good: nobody could ever end what it claims.
    ids = (flat["operation_id"], flat["plan_id"])
    return None not in flat.values() and flat["kind"] in _KINDS and all(_ID.fullmatch(i or "") for i in ids)
