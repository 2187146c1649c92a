"""Attributes that are no longer what our newest operation left: a consumer that starts writes its own over them."""

from shared.errors import RefusedError, RewindError
from shared.execution.attributes import NOT_HELD, wrote_attributes
from shared.execution.invocation import Work
from shared.execution.performing import recorded_plan
from shared.frozen import as_plain, frozen
from shared.journal.fold import Fold
from shared.journal.operations import Operation
from shared.names import printable
from shared.positions import iso_utc
from shared.results import AttributeChange, Attributes


@frozen
class Drift:
    """One attribute that is not as an operation left it.

    Attributes:
        attribute: timeout or order.
        expected: What the operation left: seconds, or whether parents come before children.
        found: What is there now.
        operation_id: The newest operation that changed this attribute.
        action: Its command.
        principal: Who carried it out.
        at: When it ended, ISO-8601 in UTC.
    """

    attribute: str
    expected: int | bool
    found: int | bool
    operation_id: str
    action: str
    principal: str
    at: str


def find_drifts(work: Work, now: Attributes) -> tuple[Drift, ...]:
    """Return which of a group's attributes drifted since the journal's newest operation on them, and warn of it.

    Empty where no journal is set, and where it cannot be read, which is warned of. What an operation came to that was
    cut off nobody knows, so nothing is said of its attributes. Attributes that no operation of the journal's last 72 h
    changed are nobody's, and cannot drift.

    Source: reference sls-api.md sections 2.2 and 7: consumers write their own timeout and order when they start.
    """
    # A journal that could not be read just now is not asked again, and was warned of.
    if work.journal is None or any(warning.code == _UNREADABLE for warning in work.warnings):
        return ()
    try:
        fold = work.journal.catch_up()
    except RewindError as error:
        work.warn(_UNREADABLE, f"whether the attributes are as they were left is not known: {error.message}")
        return ()
    drifts = _drifts(fold, work, as_plain(now))
    if drifts:
        work.warn("attributes_drifted", f"{'; '.join(map(_sentence, drifts))}. {_WHY}")
    return drifts


_UNREADABLE = "journal_unreadable"
_WHY = (
    "A consumer writes its own timeout and order when it starts, or somebody else changed them: change the consumers' "
    "own configuration, then send the command again"
)


def _drifts(fold: Fold, work: Work, now: dict[str, int | bool]) -> tuple[Drift, ...]:
    newest: dict[str, tuple[Operation, int | bool]] = {}
    # An operation that was started again wrote after those that began between.
    for op in sorted(fold.of_group(work.journal_group), key=lambda op: op.claimed_unix):
        newest |= {name: (op, value) for name, value in _left(op).items()}
    return tuple(
        Drift(
            attribute=name,
            expected=expected,
            found=now[name],
            operation_id=op.started.operation_id,
            action=printable(op.started.action),
            principal=printable(op.started.principal),
            at=iso_utc(op.ended_unix),
        )
        for name, (op, expected) in sorted(newest.items())
        if op.ended_unix is not None and op.finished is not None and expected != now[name]
    )


def _left(op: Operation) -> dict[str, int | bool]:
    """Return the attributes that an operation changed, or may have, as it was to leave them."""
    change = _change(op)
    if change is None or not (wrote_attributes(op, change) or _was_overwritten(op)):
        return {}
    before, after = as_plain(change.before), as_plain(change.after)
    return {name: after[name] for name in after if after[name] != before[name]}


def _change(op: Operation) -> AttributeChange | None:
    if not op.plan.get("attributes"):
        return None
    try:
        return recorded_plan(op).attributes
    except RefusedError:
        # A record that cannot be read is none of ours.
        return None


def _was_overwritten(op: Operation) -> bool:
    error = op.outcome.error
    return error is not None and error.code == NOT_HELD.code


def _sentence(drift: Drift) -> str:
    unit = " s" if drift.attribute == "timeout" else ""
    return (
        f"{drift.attribute} is {_told(drift.found)}{unit}, but operation {drift.operation_id} ({drift.action} by "
        f"{drift.principal}, {drift.at}) left it at {_told(drift.expected)}{unit}"
    )


def _told(value: int | bool) -> str:  # noqa: FBT001 -- an attribute's value, not a switch
    return str(value).lower()
