"""Reading and writing the journal: append, read back until one's own record is seen, fold what stands there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from shared.errors import RewindError
from shared.journal.fold import Fold
from shared.journal.records import Record, log_group_of, read_record
from shared.journal.window import READ_S, WINDOW_S
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
        shard_id: The shard that was read; None before the first read.
        cursor: Where reading goes on.
        fold: What the records so far add up to.
    """

    shard_id: int | None = None
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
        self._read_on(lambda _: False)
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
        # What stands behind it comes later for everybody, and is left for the next time.
        while not self._read_on(is_there):
            if max(waited_s, self._now_unix() - begun_unix) >= READ_BACK_S:
                raise JournalError(f"the journal {self._logstore} does not show {what} within {READ_BACK_S:.0f} s")
            self._sleep(pause_s)
            waited_s, pause_s = waited_s + pause_s, min(2 * pause_s, _LONGEST_PAUSE_S)
        return self.fold

    def _read_on(self, is_enough: Callable[[Fold], bool]) -> bool:
        """Read up to the journal's end, or to the page that is enough, and return whether it is."""
        view, found = self._view, False
        if self._shard_id is not None:
            found = self._read_from_view(is_enough)
        elif view.shard_id is None:
            self.check_form()
        else:
            # Both at once: which shard to read is known from before, and nothing is written until both have ended.
            with ThreadPoolExecutor(1) as beside:
                checking = beside.submit(self.check_form)
                found = self._read_from_view(is_enough)
            checking.result()
        if view.shard_id != self._shard_id:
            cursor = self._first_cursor()
            view.shard_id, view.cursor, view.fold = self._shard_id, cursor, Fold()
            found = self._read_pages(is_enough)
        self.fold.forget_before(int(self.now_unix()) - WINDOW_S)
        return found

    def _read_from_view(self, is_enough: Callable[[Fold], bool]) -> bool:
        try:
            return self._read_pages(is_enough)
        except InvalidCursorError:
            # What this instance last read has expired meanwhile, or the journal was made anew.
            self._view.shard_id = None
            return False

    def _first_cursor(self) -> str:
        since = int(self.now_unix()) - READ_S
        return self.client.get_cursor(self._logstore, self._shard_id or 0, since).value

    def _read_pages(self, is_enough: Callable[[Fold], bool]) -> bool:
        view = self._view
        while True:
            answer = self.client.pull_logs(self._logstore, view.shard_id or 0, view.cursor, count=_PAGE)
            pulled = answer.value
            for group in pulled.groups:
                record = read_record(group)
                if record is None:
                    view.fold.foreign += 1
                else:
                    view.fold.add(record)
            at_end = not pulled.groups or pulled.next_cursor in {"", view.cursor}
            view.cursor = view.cursor if at_end else pulled.next_cursor
            if at_end or is_enough(view.fold):
                return is_enough(view.fold)
