"""Idempotency keys: what makes a caller's repetitions recognizable, as far as its proof covers it."""

import hashlib
import json
import re
from collections.abc import Mapping

from shared.errors import InvalidCommandError
from shared.webhooks.cloudevents import read_source_and_id
from shared.webhooks.standard import ID_HEADER, is_message_id

_MAX_CHARACTERS = 255
_FORM = f"must be 1 to {_MAX_CHARACTERS} printable ASCII characters, in double quotes or bare"
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[ !#-~]*")


def sent_key(headers: Mapping[str, str], body: bytes) -> str | None:
    """Return the key that a caller sent whose proof covers all of its request; None if it sent none.

    The first of Idempotency-Key, webhook-id, and the source and id of a CloudEvent. Keys of different kinds are never
    alike.

    Args:
        headers: By lower-case name.
        body: Read only where it is a CloudEvent.

    Raises:
        InvalidCommandError: There is a key, and it is malformed.

    Source: reference chat-and-webhooks.md 6.8, 6.2 and 6.7.
    """
    if "idempotency-key" in headers:
        return f"key:{_read_key(headers['idempotency-key'])}"
    if ID_HEADER in headers:
        if not is_message_id(headers[ID_HEADER]):
            raise InvalidCommandError(["webhook-id: must be 1 to 255 printable ASCII characters without a space"])
        return message_key(headers[ID_HEADER])
    event = read_source_and_id(headers, body)
    return None if event is None else f"event:{json.dumps(event)}"


def message_key(message_id: str) -> str:
    """Return the key of a Standard Webhooks message."""
    return f"message:{message_id}"


def signed_key(signed: bytes) -> str:
    """Return the key of signed bytes: sent again, they are a repetition whatever headers come with them."""
    return f"signed:{hashlib.sha256(signed).hexdigest()}"


def _read_key(text: str) -> str:
    told = text.strip(" \t")
    quoted = _QUOTED.fullmatch(told)
    bare = told if _BARE.fullmatch(told) else ""
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else bare
    if not 0 < len(key) <= _MAX_CHARACTERS:
        raise InvalidCommandError(
            [f"Idempotency-Key: {_FORM}"],
            hint='A UUID will do: Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324".',
        )
    return key
