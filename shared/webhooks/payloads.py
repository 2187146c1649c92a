"""What alert senders post, by its form."""

from collections.abc import Mapping

from shared.errors import InvalidCommandError
from shared.strict_json import parse_strict_value
from shared.webhooks.alertmanager import is_alertmanager, read_alertmanager
from shared.webhooks.alerts import Payload
from shared.webhooks.sls_alert import is_sls_alert, read_sls_alerts


def read_payload(given: Mapping[str, object], problems: list[str]) -> Payload | None:
    """Return the alerts that a JSON object is about; None if it has the form of no known sender.

    Raises:
        InvalidCommandError: It has a sender's form, and something is wrong with it or its keys.
    """
    if is_alertmanager(given):
        _check_keys(problems)
        return read_alertmanager(given)
    if is_sls_alert(given):
        _check_keys(problems)
        return read_sls_alerts([given])
    return None


def read_merged(body: bytes) -> Payload:
    """Return the alerts of an array: SLS merges several into one message.

    Raises:
        InvalidCommandError: None of them has the form of our template, or keys are given twice.
    """
    found, problems = parse_strict_value(body)
    documents = found if isinstance(found, list) else []
    if not any(isinstance(document, Mapping) and is_sls_alert(document) for document in documents):
        raise InvalidCommandError(["body: must be one JSON object"])
    _check_keys(problems)
    return read_sls_alerts(documents, "body[{}].")


def _check_keys(problems: list[str]) -> None:
    if problems:
        raise InvalidCommandError(problems)
