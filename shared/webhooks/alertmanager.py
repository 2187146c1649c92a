"""Alertmanager's webhook, and Grafana's, which has the same form with more around it.

Source: reference chat-and-webhooks.md 6.3 and 6.4.
"""

import json
from collections.abc import Mapping

from shared.webhooks.alerts import Alert, OddAlert, Payload, Reader, Sender, check_count

_SENDERS: Mapping[object, Sender] = {"4": "alertmanager", "1": "grafana"}


def is_alertmanager(document: Mapping[str, object]) -> bool:
    """Return whether a document has the form of Alertmanager or Grafana."""
    return isinstance(document.get("alerts"), list) and "action" not in document


def read_alertmanager(document: Mapping[str, object]) -> Payload:
    """Return the alerts that Alertmanager or Grafana posts; keys that are not known are passed over.

    An alert keeps its fingerprint, the hash of its labels, for ever: together with when it began, it names an episode.

    Raises:
        InvalidCommandError: It is of another version, or of another shape as a whole.
    """
    reader = Reader()
    version = reader.choice("version", document.get("version"), tuple(map(str, _SENDERS)))
    reader.check()
    alerts = document["alerts"]
    assert isinstance(alerts, list)  # noqa: S101 -- told by is_alertmanager
    check_count(alerts, "alerts")
    read = tuple(_read(f"alerts[{number}]", alert, _SENDERS[version]) for number, alert in enumerate(alerts))
    left_out = document.get("truncatedAlerts")
    return Payload(read, left_out if type(left_out) is int and left_out > 0 else 0)


def _read(at: str, given: object, sender: Sender) -> Alert | OddAlert:
    reader = Reader()
    alert = given if isinstance(given, dict) else {}
    labels = reader.texts(f"{at}.labels", alert.get("labels"))
    started_unix = reader.instant(f"{at}.startsAt", alert.get("startsAt"))
    fingerprint = alert.get("fingerprint")
    what = fingerprint if isinstance(fingerprint, str) and fingerprint else json.dumps(labels, sort_keys=True)
    return reader.judged(
        Alert(
            sender=sender,
            name=reader.text(f"{at}.labels.alertname", labels.get("alertname")),
            is_firing=reader.choice(f"{at}.status", alert.get("status"), ("firing", "resolved")) == "firing",
            labels=labels,
            annotations=reader.texts(f"{at}.annotations", alert.get("annotations")),
            started_unix=started_unix,
            ids=(what, str(started_unix)),
        )
    )
