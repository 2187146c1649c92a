"""Senders of webhooks, each with its own way to prove who it is; none uses the code under test."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from standardwebhooks import Webhook

from tests.functions.caller import Answer, FunctionCaller, check_answer

Sign = Callable[[bytes, int], dict[str, str]]


def new_secrets() -> dict[str, list[str]]:
    """Return fresh secrets by the sender's name; `hooks` is in the middle of a rotation."""

    def whsec() -> str:
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "ci": [secrets.token_urlsafe(32)],
        "hooks": [whsec(), whsec()],
        "github": [secrets.token_hex(24)],
        "grafana": [secrets.token_hex(24)],
    }


@dataclass(frozen=True)
class Sender:
    """One way to prove a request.

    Attributes:
        name: Of the secret that it uses.
        sign: Makes the headers that prove a body at a time in Unix seconds.
        proof: The header that a proof stands in.
    """

    name: str
    sign: Sign
    proof: str


def make_senders(known: Mapping[str, list[str]]) -> dict[str, Sender]:
    """Return every way to prove a request, by what it is called."""
    grafana, header = known["grafana"][0], "X-Grafana-Alerting-Signature"
    return {
        "bearer": Sender("ci", lambda _body, _unix: {"Authorization": f"Bearer {known['ci'][0]}"}, "Authorization"),
        "standard": Sender("hooks", standard(known["hooks"][1]), "webhook-signature"),
        "standard, old secret": Sender("hooks", standard(known["hooks"][0]), "webhook-signature"),
        "github": Sender("github", github(known["github"][0]), "X-Hub-Signature-256"),
        "grafana": Sender("grafana", lambda body, _unix: {header: _hex(grafana, body)}, header),
        "grafana with time": Sender("grafana", grafana_with_time(grafana), header),
    }


def standard(secret: str) -> Sign:
    """Return how Standard Webhooks signs: the sender's own library; every call is a message of its own."""

    def sign(body: bytes, unix: int) -> dict[str, str]:
        return standard_message(secret, f"msg_{secrets.token_hex(8)}", body, unix)

    return sign


def standard_message(secret: str, message_id: str, body: bytes, unix: int) -> dict[str, str]:
    """Return the headers of one message of Standard Webhooks."""
    sent_at = datetime.fromtimestamp(unix, timezone.utc)
    signature = Webhook(secret).sign(message_id, sent_at, body.decode())
    return {"webhook-id": message_id, "webhook-timestamp": str(unix), "webhook-signature": signature}


def github(secret: str) -> Sign:
    """Return how GitHub signs; every delivery has an id of its own, which is not signed."""

    def sign(body: bytes, _unix: int) -> dict[str, str]:
        return {
            "X-Hub-Signature-256": f"sha256={_hex(secret, body)}",
            "X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest(),
            "X-GitHub-Event": "ping",
            "X-GitHub-Delivery": secrets.token_hex(16),
        }

    return sign


def grafana_with_time(secret: str) -> Sign:
    """Return how Grafana signs where its contact point names a header for the time."""

    def sign(body: bytes, unix: int) -> dict[str, str]:
        return {
            "X-Grafana-Alerting-Signature": _hex(secret, f"{unix}:".encode() + body),
            "X-Grafana-Alerting-Timestamp": str(unix),
        }

    return sign


def _hex(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Webhooks:
    """Posts what senders would.

    Args:
        functions: Know the senders' secrets.
        known: Those secrets by the sender's name.
        url_token: Of the sender `monitor`.
    """

    def __init__(self, functions: FunctionCaller, known: Mapping[str, list[str]], url_token: str) -> None:
        self.functions = functions
        self.known = known
        self.url_token = url_token
        self.senders = make_senders(known)

    def post(self, headers: Mapping[str, str], body: bytes, *, path: str = "") -> Answer:
        """Return the answer to a body, held against the contract."""
        answer = self.functions.send("POST", f"/command{path}", headers, body)
        check_answer(answer)
        return answer

    def run(
        self, sender: str, command: Mapping[str, object], *, ago_s: int = 0, more: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a command that a sender proves, signed some seconds ago."""
        body = json.dumps(command).encode()
        return self.post({**self.senders[sender].sign(body, int(time.time()) - ago_s), **(more or {})}, body)
