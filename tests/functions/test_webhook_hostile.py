"""Whatever headers and bodies come: nobody unproven gets past the door, and nothing ever breaks."""

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.action_names import ACTIONS
from tests.functions.shop import Shop
from tests.functions.webhooks import Webhooks
from tests.fuzz.amount import some

bounded = some(100)
COMMAND = {"action": "update_consumer_group", "target": "shop/orders/billing", "timeout": 99}
FIELDS = ("action", "target", "project", "to", "at", "dry_run", "shards", "commands", "plan_id", "data", "alerts")
SENDERS = ("bearer", "standard", "github", "grafana", "grafana with time")

# What HTTP lets a header's value be, and more; only line ends cannot be sent.
values = st.text(
    st.characters(max_codepoint=0xFF, blacklist_characters="\x00\n\r\x0b\x0c\x1c\x1d\x1e\x85"), max_size=60
)
names = st.sampled_from(
    [
        "Authorization",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "X-Hub-Signature",
        "X-Hub-Signature-256",
        "X-Grafana-Alerting-Signature",
        "X-Grafana-Alerting-Timestamp",
        "Idempotency-Key",
        "Content-Type",
        "ce-id",
        "ce-source",
    ]
)
shown = values | st.sampled_from(["Bearer ", "v1,", "v1,AAAA v1a,AAAA", "sha256=", "0" * 64, "sha256=" + "0" * 64])
headers = st.dictionaries(names, shown | st.just(str(int(time.time()))), max_size=6)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
# Of the groups that these could name, none exists.
texts = st.sampled_from([*ACTIONS, "shop/orders/nobody", "2h", "end", "firing", "4", "1.0"])
documents = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)
bodies = st.binary(max_size=60) | documents.map(lambda document: json.dumps(document).encode())
paths = st.sampled_from(["/command", "/command/", "/command/cloudmonitor/x", "/command/cloudmonitor/" + "x" * 43])


@bounded
@given(headers=headers, body=bodies | st.just(json.dumps(COMMAND).encode()), path=paths)
def test_no_headers_and_no_body_get_nobody_past_the_door(
    webhooks: Webhooks, shop: Shop, headers: dict[str, str], body: bytes, path: str
) -> None:
    shop.calls()

    answer = webhooks.functions.send("POST", path, headers, body)

    assert (answer.status, answer.json["error"]["code"]) == (401, "not_authenticated")
    assert shop.calls(journal=True) == []


@bounded
@given(sender=st.sampled_from(SENDERS), more=headers, body=bodies)
def test_no_proven_headers_and_body_break_anything_or_write_what_is_no_write(
    webhooks: Webhooks, shop: Shop, sender: str, more: dict[str, str], body: bytes
) -> None:
    proof: dict[str, Any] = webhooks.senders[sender].sign(body, int(time.time())) if is_text(body) else {}

    answer = webhooks.functions.send("POST", "/command", {**more, **proof}, body)

    assert answer.status < 500
    assert shop.writes() == []


def is_text(body: bytes) -> bool:
    """Return whether the senders' library could have signed it."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
