"""What a test run leaves behind, and the search for secrets in it."""

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from tests.local.fc.logs import Logs

SHORTEST_SECRET = 16
_FEWEST_CHARACTERS = 8
# Where a platform takes answers: whoever has it may write to the channel.
_REPLY_URLS = re.compile(
    r"https://hooks\.slack\.com(/[\w/-]+)|https://oapi\.dingtalk\.com(/robot/sendBySession\?session=\w+)"
)
_SIGNATURES = re.compile(r"[0-9a-f]{64}|[0-9A-Za-z+/]{27}=")
_AUTHORIZATION = re.compile(r"(?:LOG [^:]+:|SLS4-HMAC-SHA256 .*Signature=)(?P<signature>.+)")


@dataclass
class Evidence:
    """All log lines, answers and journal records of a run, and the secrets that were in use.

    Safe to use from several threads.

    Attributes:
        logs: What function instances and their servers wrote.
        answers: What callers got: status, headers and body as one text each.
        records: What was written to journals, and all else that was written with PutLogs.
        secrets: What each secret is, by the secret itself.
        signatures: Signatures of the calls that the stand-in got, and of those that the functions got.
    """

    logs: list[Logs] = field(default_factory=list)
    answers: list[str] = field(default_factory=list, repr=False)
    records: list[str] = field(default_factory=list, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    signatures: set[str] = field(default_factory=set, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def new_logs(self) -> Logs:
        """Return logs that belong to the evidence."""
        logs = Logs()
        with self._lock:
            self.logs.append(logs)
        return logs

    def add_answer(self, text: str) -> None:
        """Keep what a caller got."""
        with self._lock:
            self.answers.append(text)

    def add_record(self, body: bytes) -> None:
        """Keep what was written with PutLogs."""
        with self._lock:
            # Text within protobuf stands there as it is.
            self.records.append(body.decode(errors="replace"))

    def add_secret(self, what: str, secret: str) -> None:
        """Look for a secret from now on; a short text is none, it may stand anywhere."""
        if len(secret) >= SHORTEST_SECRET:
            with self._lock:
                self.secrets[secret] = what

    def add_authorization(self, header: str) -> None:
        """Look for the signature in an Authorization header of SLS."""
        if match := _AUTHORIZATION.fullmatch(header):
            with self._lock:
                self.signatures.add(match["signature"])

    def add_proofs(self, headers: Mapping[str, str]) -> None:
        """Look for what proves a request from now on: whatever looks like a signature in a header named after one."""
        named = [value for name, value in headers.items() if "sign" in name.lower()]
        found = [signature for value in named for signature in _SIGNATURES.findall(value)]
        with self._lock:
            # What repeats a few characters proves nothing, and stands in many a hostile input.
            self.signatures.update(signature for signature in found if len(set(signature)) >= _FEWEST_CHARACTERS)

    def add_reply_urls(self, body: bytes) -> None:
        """Look for the places in a request to which answers are to be posted, a response_url of Slack's for one."""
        for match in _REPLY_URLS.finditer(unquote(body.decode("latin-1"))):
            self.add_secret("a response_url", match[0])
            self.add_secret("a response_url's path", match[1] or match[2])

    def leaks(self) -> list[str]:
        """Return where which kind of secret stands, never the secret itself; empty when there is none."""
        with self._lock:
            secrets, signatures = dict(self.secrets), set(self.signatures)
        found = []
        for place, text in self._texts():
            found += [f"{what} in {place}" for secret, what in secrets.items() if _is_in(secret, text)]
            if signatures.intersection(_SIGNATURES.findall(text)):
                found.append(f"a signature in {place}")
        return found

    def _texts(self) -> Iterator[tuple[str, str]]:
        with self._lock:
            logs, answers, records = list(self.logs), list(self.answers), list(self.records)
        yield "a log line", "\n".join(line for log in logs for line in log.lines)
        yield "an answer", "\n".join(answers)
        yield "a journal record", "\n".join(records)


def _is_in(secret: str, text: str) -> bool:
    forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()}
    return any(form in text for form in forms)
