"""Making the journal: a Logstore with exactly one shard that is never split, and an index to query it by."""

from collections.abc import Callable

from shared.journal.journal import JournalError
from shared.journal.records import INDEXED_KEYS
from shared.sls.client import SlsClient
from shared.sls.errors import SlsApiError

KEPT_DAYS = 365
"""How long the audit trail is kept; operations themselves read the last 72 hours."""

_TOKENS = [",", " ", "'", '"', ";", "=", "(", ")", "[", "]", "{", "}", "?", "@", "&", "<", ">", "/", ":", "\n", "\t"]
_THERE_ALREADY = frozenset({"LogStoreAlreadyExist", "IndexAlreadyExist"})


def create_journal(client: SlsClient, logstore: str) -> list[str]:
    """Make the journal's Logstore and index where they are missing, and return what was done, a sentence each.

    Raises:
        JournalError: A Logstore of that name is there and cannot be a journal.
        SlsError: SLS refused.
    """
    done = []
    if _create(lambda: client.create_logstore(logstore, ttl_days=KEPT_DAYS, shard_count=1, auto_split=False)):
        done.append(f"created Logstore {logstore}: one shard, never split, kept for {KEPT_DAYS} days")
    else:
        _check(client, logstore)
        done.append(f"Logstore {logstore} is there already, with one shard that is never split")
    made = _create(lambda: client.create_index(logstore, journal_index()))
    done.append("created its index" if made else "its index is there already")
    return done


def journal_index() -> dict[str, object]:
    """Return the index that the queries of `docs/journal.md` need, in SLS's own form."""
    key: dict[str, object] = {"type": "text", "token": _TOKENS, "caseSensitive": False, "doc_value": True}
    return {
        "line": {"token": _TOKENS, "caseSensitive": False},
        "keys": dict.fromkeys((*INDEXED_KEYS, "detail"), key),
    }


def _create(make: Callable[[], object]) -> bool:
    try:
        make()
    except SlsApiError as error:
        if error.sls_error_code in _THERE_ALREADY:
            return False
        raise
    return True


def _check(client: SlsClient, logstore: str) -> None:
    told = client.get_logstore(logstore).value
    shards = client.list_shards(logstore).value
    if len(shards) != 1 or told.auto_split:
        raise JournalError(
            f"Logstore {logstore} has {len(shards)} shards"
            f"{' and splits them by itself' if told.auto_split else ''}: it cannot be a journal; choose another name"
        )
