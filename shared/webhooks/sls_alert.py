"""Alerts of SLS itself, in the form of our template for its webhooks: docs/sls-alert-template.json.

The template carries the alert's attributes and, if wanted, the command to plan, with the placeholders of policy.toml.

Source: reference chat-and-webhooks.md 6.6 (who sets the webhook up writes its whole body; a variable that does not
exist becomes an empty text; merged alerts come as an array). The time of the first firing stays the same over the
episode, while the instance's id is one of each evaluation.
"""

import json
from collections.abc import Mapping, Sequence

from shared.webhooks.alerts import Alert, OddAlert, Payload, Reader, check_count, is_scalar, text_of

_FIELDS = frozenset({"alert_id", "alert_name", "status"})
_TOLD_AS_LABELS = ("alert_id", "project", "region", "severity")


def is_sls_alert(document: Mapping[str, object]) -> bool:
    """Return whether a document has the form of our template."""
    return document.keys() >= _FIELDS and "action" not in document


def read_sls_alerts(documents: Sequence[object], at: str = "") -> Payload:
    """Return the alerts of one message: one, or several that were merged.

    Args:
        documents: Each alert as the template makes it.
        at: What each is called in problems, with {} for its number; "" where there is but one.

    Raises:
        InvalidCommandError: There are more than one invocation can plan.
    """
    check_count(documents, "body")
    return Payload(tuple(_read(at.format(number), document) for number, document in enumerate(documents)))


def _read(at: str, given: object) -> Alert | OddAlert:
    reader = Reader()
    alert = given if isinstance(given, dict) else {}
    # Labels may come from logged data; what SLS itself says of the alert goes before them.
    fields = {name: text_of(value) for name in _TOLD_AS_LABELS if is_scalar(value := alert.get(name)) and value != ""}
    own = _texts(reader, f"{at}labels", alert.get("labels"))
    started_unix = None if _is_absent(alert.get("fire_time")) else reader.instant(f"{at}fire_time", alert["fire_time"])
    command = alert.get("command")
    if command is not None and not isinstance(command, dict):
        reader.problems.append(f"{at}command: must be an object, or absent")
        command = None
    return reader.judged(
        Alert(
            sender="sls",
            name=reader.text(f"{at}alert_name", alert.get("alert_name")),
            is_firing=reader.choice(f"{at}status", alert.get("status"), ("firing", "resolved")) == "firing",
            labels={**own, **fields},
            annotations=_texts(reader, f"{at}annotations", alert.get("annotations")),
            started_unix=started_unix,
            # What SLS says besides, the severity say, may change while the episode goes on.
            ids=_ids(reader, at, alert, own, started_unix),
            command=command,
        )
    )


def _ids(
    reader: Reader, at: str, alert: Mapping[str, object], labels: Mapping[str, str], started_unix: int | None
) -> Sequence[str]:
    rule = reader.text(f"{at}alert_id", alert.get("alert_id"))
    fingerprint = alert.get("fingerprint")
    what = fingerprint if isinstance(fingerprint, str) and fingerprint else json.dumps(labels, sort_keys=True)
    if started_unix is not None:
        return str(alert.get("project")), rule, what, str(started_unix)
    return (reader.text(f"{at}alert_instance_id", alert.get("alert_instance_id")),)


def _texts(reader: Reader, at: str, value: object) -> dict[str, str]:
    if _is_absent(value):
        return {}
    if not isinstance(value, dict):
        return reader.texts(at, value)
    return reader.texts(at, {name: text_of(one) if is_scalar(one) else one for name, one in value.items()})


def _is_absent(value: object) -> bool:
    return value is None or value == ""
