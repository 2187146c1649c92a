"""Whether the journal can serve as lock, database and audit trail.

Nothing is appended: whether it could be is tried by a body that is no log group, as in `doctoring_trials`. Its index is
not looked at, no reference describes that call; `python -m shared.journal create` makes it where it is missing.
"""

from collections.abc import Callable
from functools import partial

from shared.errors import RewindError
from shared.execution.doctoring_findings import Check
from shared.execution.doctoring_trials import NO_LOG_GROUP, Trial, denied_check, try_right, unknown_checks
from shared.execution.invocation import Invocation
from shared.execution.parallel import in_parallel
from shared.results import Target
from shared.sls.client import SlsClient
from shared.sls.models import Logstore

NAME = "journal"
MIN_KEPT_DAYS = 4
"""Operations read the last 72 hours; a shorter trail would forget an open operation."""

_CREATE = "`python -m shared.journal create` makes one with one shard that is never split."


def check_journal(invocation: Invocation, client: SlsClient) -> list[Check]:
    """Return what is wrong with the journal that the settings name; one check if nothing is.

    Args:
        invocation: Its settings name a journal.
        client: Calls the journal's project.
    """
    project, logstore = invocation.settings.journal or ("", "")
    target, shards, told = Target(project, logstore, None), list[int](), list[Logstore]()

    def list_shards() -> None:
        shards.extend(shard.shard_id for shard in client.list_shards(logstore).value)

    calls: dict[str, Callable[[], object]] = {
        "ListShards": list_shards,
        "GetLogStore": lambda: told.append(client.get_logstore(logstore).value),
        "GetCursor": partial(client.get_cursor, logstore, 0, "end"),
        # Where all writes are frozen, too: previews are kept in the journal all the same.
        "PutLogs": partial(client.put_logs, logstore, NO_LOG_GROUP),
    }
    trials = in_parallel([partial(try_right, operation, call) for operation, call in calls.items()])
    return _unusable(target, trials, invocation.holder) or _form(target, shards, told) or _content(invocation, target)


def _unusable(target: Target, trials: list[Trial], holder: str) -> list[Check]:
    missing = next((trial for trial in trials if trial.verdict == "missing"), None)
    if missing is not None:
        return [Check(NAME, "failed", f"{target} does not exist: {missing.message}", _CREATE)]
    denied = [denied_check(NAME, target, trial, holder) for trial in trials if trial.verdict == "denied"]
    return denied + unknown_checks(NAME, trials)


def _form(target: Target, shards: list[int], told: list[Logstore]) -> list[Check]:
    found = []
    if len(shards) != 1:
        wrong = f"{target} has {len(shards)} shards; only the order of a single one can serve as a lock"
        found.append(Check(NAME, "failed", wrong, f"Name another in REWIND_JOURNAL: {_CREATE}"))
    if told and told[0].auto_split:
        found.append(Check(NAME, "failed", f"{target} is split automatically", "Switch its automatic splitting off."))
    if told and told[0].ttl_days < MIN_KEPT_DAYS:
        wrong = f"{target} keeps its records for {told[0].ttl_days} days; operations need {MIN_KEPT_DAYS}"
        found.append(Check(NAME, "failed", wrong, "Raise its retention; 365 days is what `create` gives it."))
    return found


def _content(invocation: Invocation, target: Target) -> list[Check]:
    journal = invocation.open_journal(None)
    try:
        fold = journal.catch_up() if journal is not None else None
    except RewindError as error:
        return [Check(NAME, "failed", f"{target} cannot be read: {error.message}", error.hint)]
    if fold is not None and fold.foreign:
        told = f"{fold.foreign} records of the last 72 hours in {target} are none of this project's"
        hint = (
            "Give log:PostLogStoreLogs on it to the functions' role alone: whoever may write there can forge records."
        )
        return [Check(NAME, "warning", told, hint)]
    return [Check(NAME, "ok", f"{target}: one shard, never split, readable, may be written to")]
