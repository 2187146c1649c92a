"""A caller of functions over HTTP, who holds every answer against the result contract."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema

from tests.functions.evidence import Evidence

RESULT_SCHEMA = json.loads(Path(__file__).with_name("result.schema.json").read_text(encoding="utf-8"))
_VALIDATOR = jsonschema.Draft202012Validator(RESULT_SCHEMA)
_PROBLEM_KEYS = {"type", "title", "detail"}
_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, header values by lower-case name, body as received."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 -- any JSON document
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:  # noqa: ANN401 -- as above
        """The result's error."""
        return self.json["error"]

    @property
    def shards(self) -> dict[int, Any]:
        """The result's shards by id."""
        return {shard["shard"]: shard for shard in self.json["shards"]}

    @property
    def warnings(self) -> dict[str, str]:
        """Messages of the warnings by code."""
        return {warning["code"]: warning["message"] for warning in self.json["warnings"]}


class FunctionCaller:
    """Sends commands to the functions behind one URL. Several threads may use it at once.

    Args:
        url: Scheme and authority of the functions.
        tokens: Bearer tokens by the caller's name.
        evidence: Takes every answer, and every token that is shown.
    """

    def __init__(self, url: str, tokens: Mapping[str, str], evidence: Evidence) -> None:
        self.url = url
        self.tokens = tokens
        self._evidence = evidence

    def run(self, command: Mapping[str, object], *, caller: str = "local", **headers: str) -> Answer:
        """Return the answer to a command; underscores in the names of headers stand for hyphens."""
        return self.post(json.dumps(command).encode(), caller=caller, **headers)

    def post(self, body: bytes, *, caller: str = "local", **headers: str) -> Answer:
        """Return the answer to a body, held against the contract."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.tokens[caller]}", **named}
        answer = self.send("POST", "/command", sent, body)
        check_answer(answer)
        return answer

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Return the answer to any request, not held against anything."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_TIMEOUT_S)
        shown = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
        self._evidence.add_secret("a bearer token", shown.partition(" ")[2].strip())
        self._evidence.add_proofs(headers)
        self._evidence.add_reply_urls(body)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            received = response.read()
        finally:
            connection.close()
        named = {name.lower(): value for name, value in response.getheaders()}
        self._evidence.add_answer(f"{response.status} {named} {received.decode(errors='replace')}")
        return Answer(response.status, named, received)


def check_answer(answer: Answer) -> None:
    """Hold an answer of a function against the contract of DESIGN section 3."""
    result = answer.json
    _VALIDATOR.validate(result)
    wrong = answer.status >= http.HTTPStatus.BAD_REQUEST
    assert answer.headers["content-type"] == ("application/problem+json" if wrong else "application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert result["ok"] is not wrong
    assert result.keys() & _PROBLEM_KEYS == (_PROBLEM_KEYS if wrong else set())
    if wrong:
        assert result["title"] == http.HTTPStatus(answer.status).phrase
        assert result["detail"] == result["error"]["message"]
        assert result["type"].endswith(result["error"]["code"])
