"""Reading and writing the journal: append, read back until one's own record is seen, fold what stands there."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.errors import RewindError
from shared.journal.fold import WINDOW_S, Fold
from shared.journal.records import Record, log_group_of, read_record
from shared.sls.client import SlsClient
from shared.sls.errors import InvalidCursorError
from shared.sls.loggroups import encode_log_group

READ_BACK_S = 5.0
"""Seconds within which an appended record must be readable; a slower journal is no lock."""

_PAGE = 1000
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.5


class JournalError(RewindError):
    """Raised when the journal cannot serve as one; nothing may be written then."""

    code = "journal_unusable"
    hint: str | None = "`python -m shared.journal create` makes one with exactly one shard."

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=type(self).hint)


@dataclass(slots=True)
class View:
    """What one instance has read of the journal so far; kept between invocations, read on from where it ended.

    Attributes:
        cursor: Where reading goes on; "" before the first read.
        fold: What the records so far add up to.
    """

    cursor: str = ""
    fold: Fold = field(default_factory=Fold)


class Journal:
    """The journal during one invocation.

    Args:
        client: Calls the journal's project.
        logstore: The journal's Logstore.
        view: What this instance has read before.
        now_unix: SLS's time as far as it is known.
        sleep: Waits, in seconds.
    """

    def __init__(
        self,
        client: SlsClient,
        logstore: str,
        view: View,
        now_unix: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.client = client
        self._logstore = logstore
        self._view = view
        self._now_unix = now_unix
        self._sleep = sleep
        self._shard_id: int | None = None
        self._server_ahead_s = 0.0

    @property
    def fold(self) -> Fold:
        """What has been read so far."""
        return self._view.fold

    def now_unix(self) -> float:
        """Return the time that records carry: SLS's own, so that leases mean the same to every instance."""
        return self._now_unix() + self._server_ahead_s

    def check_form(self) -> None:
        """Let nothing be written over a journal that is no lock.

        Raises:
            JournalError: It has not exactly one shard.
        """
        answer = self.client.list_shards(self._logstore)
        if answer.server_unix is not None:
            self._server_ahead_s = answer.server_unix - self._now_unix()
        shards = answer.value
        if len(shards) != 1:
            raise JournalError(
                f"the journal {self._logstore} has {len(shards)} shards: only one shard's order can serve as a lock"
            )
        self._shard_id = shards[0].shard_id

    def catch_up(self) -> Fold:
        """Read everything new, and return the state it adds up to.

        Records that other tools wrote are counted and passed over.
        """
        if self._shard_id is None:
            self.check_form()
        try:
            self._read_on()
        except InvalidCursorError:
            # What this instance last read has expired meanwhile, or the journal was made anew.
            self._view.cursor, self._view.fold = "", Fold()
            self._read_on()
        self.fold.forget_before(int(self.now_unix()) - WINDOW_S)
        return self.fold

    def append(self, record: Record) -> None:
        """Write one record at the end."""
        self.client.put_logs(self._logstore, encode_log_group(log_group_of(record)))

    def append_and_read_back(self, record: Record) -> Fold:
        """Write one record, and read until it is seen.

        Raises:
            JournalError: It is not readable within 5 s.
        """
        self.append(record)
        return self.read_until(lambda fold: fold.has_seen(record.record_id), what="a record just written")

    def read_until(self, is_there: Callable[[Fold], bool], *, what: str) -> Fold:
        """Read on until something is there.

        Raises:
            JournalError: It does not show within 5 s.
        """
        begun_unix, waited_s, pause_s = self._now_unix(), 0.0, _FIRST_PAUSE_S
        while not is_there(self.catch_up()):
            if max(waited_s, self._now_unix() - begun_unix) >= READ_BACK_S:
                raise JournalError(f"the journal {self._logstore} does not show {what} within {READ_BACK_S:.0f} s")
            self._sleep(pause_s)
            waited_s, pause_s = waited_s + pause_s, min(2 * pause_s, _LONGEST_PAUSE_S)
        return self.fold

    def _read_on(self) -> None:
        shard_id = self._shard_id or 0
        view = self._view
        if not view.cursor:
            since = int(self.now_unix()) - WINDOW_S
            view.cursor = self.client.get_cursor(self._logstore, shard_id, since).value
        while True:
            pulled = self.client.pull_logs(self._logstore, shard_id, view.cursor, count=_PAGE).value
            for group in pulled.groups:
                record = read_record(group)
                if record is None:
                    view.fold.foreign += 1
                else:
                    view.fold.add(record)
            if not pulled.groups or pulled.next_cursor in {"", view.cursor}:
                return
            view.cursor = pulled.next_cursor
