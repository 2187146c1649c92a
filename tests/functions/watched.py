"""The stand-in of the functions' tests: it also notes what it was called with."""

import json
import time
from collections.abc import Callable, Sequence

from tests.functions.evidence import Evidence
from tests.local.sls.app import StandIn
from tests.local.sls.messages import Request, Response
from tests.local.sls.server import StandInServer
from tests.local.sls.store import JOURNAL_LOGSTORE, JOURNAL_PROJECT

Crossing = Callable[[bytes], tuple[Sequence[bytes], Sequence[bytes]]]
"""What others wrote to the journal just before and just after somebody's log group, given that."""


class _WatchedApp(StandIn):
    def __init__(self, evidence: Evidence, puts: list[object]) -> None:
        super().__init__()
        self.crossing: Crossing | None = None
        self._evidence = evidence
        self._puts = puts

    def handle(self, request: Request) -> Response:
        self._evidence.add_authorization(request.headers.get("authorization", ""))
        if request.path.endswith("/shards/lb"):
            self._evidence.add_record(request.body)
            return self._cross(request)
        if request.method == "PUT":
            self._puts.append(json.loads(request.body))
        return super().handle(request)

    def _cross(self, request: Request) -> Response:
        before, after = self.crossing(request.body) if self.crossing else ((), ())
        shard = self._store.projects[JOURNAL_PROJECT][JOURNAL_LOGSTORE].shards[0]
        for raw in before:
            shard.put(raw, time.time())
        response = super().handle(request)
        for raw in after:
            shard.put(raw, time.time())
        return response


class WatchedStandIn(StandInServer):
    """A stand-in that notes signatures and records, and the bodies that its list of calls does not tell.

    Attributes:
        puts: The JSON body of every PUT.
    """

    def __init__(self, evidence: Evidence) -> None:
        super().__init__()
        self.puts: list[object] = []
        self._app: _WatchedApp = _WatchedApp(evidence, self.puts)
        self.control = self._app.control

    def cross(self, crossing: Crossing | None = None) -> None:
        """Let others write around each call that writes log groups; nobody if none is given."""
        self._app.crossing = crossing
