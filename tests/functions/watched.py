"""The stand-in of the functions' tests: it also notes what it was called with."""

import json

from tests.functions.evidence import Evidence
from tests.local.sls.app import StandIn
from tests.local.sls.messages import Request, Response
from tests.local.sls.server import StandInServer


class _WatchedApp(StandIn):
    def __init__(self, evidence: Evidence, puts: list[object]) -> None:
        super().__init__()
        self._evidence = evidence
        self._puts = puts

    def handle(self, request: Request) -> Response:
        self._evidence.add_authorization(request.headers.get("authorization", ""))
        if request.method == "PUT":
            self._puts.append(json.loads(request.body))
        return super().handle(request)


class WatchedStandIn(StandInServer):
    """A stand-in that notes signatures, and the bodies that its list of calls does not tell.

    Attributes:
        puts: The JSON body of every PUT.
    """

    def __init__(self, evidence: Evidence) -> None:
        super().__init__()
        self.puts: list[object] = []
        self._app = _WatchedApp(evidence, self.puts)
        self.control = self._app.control
