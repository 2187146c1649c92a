"""Sends notifications, one try each, inside the invocation's time; what fails here never touches the work told of."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from shared.frozen import frozen
from shared.names import in_ascii
from shared.notifications.answers import needs_body, why_not_taken
from shared.notifications.destinations import Post, post_to, problem_with
from shared.notifications.messages import Message, compose
from shared.policy.rules import DestinationKind, Policy
from shared.results import Result
from shared.secret_settings import Destination
from shared.settings import Settings
from shared.sls.outward import exchange

Code = Literal[
    "sent",
    "unknown_destination",
    "not_set",
    "misconfigured",
    "no_time_left",
    "timed_out",
    "not_connected",
    "not_taken",
    "internal_error",
]
Found = tuple[DestinationKind, Destination]

_MAX_SEND_S = 10.0
_MIN_SEND_S = 0.3


@frozen
class Outcome:
    """What became of the notification to one destination; safe to show and to log.

    Attributes:
        destination: Its name, as it was given, in ASCII and cut to 64 characters.
        code: "sent", or what kept it from being sent.
        message: One sentence that names the destination and, where it was not sent, why and what to do.
    """

    destination: str
    code: Code
    message: str

    @property
    def sent(self) -> bool:
        """Whether the destination took it."""
        return self.code == "sent"


@frozen
class _Time:
    """How long one sending may take, by a clock that counts down."""

    remaining_s: Callable[[], float]
    ends_at_s: float

    @property
    def left_s(self) -> float:
        return self.remaining_s() - self.ends_at_s


def check_names(names: Sequence[str], policy: Policy, settings: Settings) -> list[str]:
    """Return what is wrong with the destinations that are named, one sentence each; none if all can be told."""
    found = {name: _find(name, policy, settings) for name in names}
    return [wrong.message for wrong in found.values() if isinstance(wrong, Outcome)]


def notify(
    names: Sequence[str],
    result: Result,
    *,
    caller: str,
    policy: Policy,
    settings: Settings,
    now: datetime,
    remaining_s: Callable[[], float],
) -> list[Outcome]:
    """Tell destinations what became of a command, and return how that went, in the order of their names; never raises.

    Each is told once, however often it is named, and nothing is tried twice: a message that comes twice looks like
    work done twice. What time there is, is shared evenly among those still to be told.

    Args:
        names: Destinations of policy.toml.
        result: What became of the command.
        caller: Who asked for it: the principal.
        policy: Says what kind each destination is.
        settings: Say where each is, and with which secret.
        now: The time that is signed.
        remaining_s: Seconds that are left for this.
    """
    wanted = list(dict.fromkeys(names))
    outcomes: list[Outcome] = []
    for number, name in enumerate(wanted):
        found = _find(name, policy, settings)
        if isinstance(found, Outcome):
            outcomes.append(found)
            continue
        try:
            left_s = remaining_s()
            share_s = min(_MAX_SEND_S, left_s / (len(wanted) - number))
            time = _Time(remaining_s, left_s - share_s)
            outcomes.append(_send(name, found, compose(result, caller=caller, now=now), now, time))
        except Exception:  # noqa: BLE001 -- the work is done, and is to be told of as done, whatever breaks here
            outcomes.append(_outcome(name, "internal_error", "not sent, by a mistake in this software"))
    return outcomes


def _find(name: str, policy: Policy, settings: Settings) -> Found | Outcome:
    kind, destination = policy.destinations.get(name), settings.destinations.get(name)
    if kind is None:
        why = "policy.toml has no [destinations] entry of this name"
        return _outcome(name, "unknown_destination", why)
    if destination is None:
        return _outcome(name, "not_set", "REWIND_NOTIFY has no url for it")
    problem = problem_with(kind, destination)
    return _outcome(name, "misconfigured", f"REWIND_NOTIFY: {problem}") if problem else (kind, destination)


def _outcome(name: str, code: Code, what: str) -> Outcome:
    shown = in_ascii(name, longest=64)
    return Outcome(shown, code, f"{shown}: {what}")


def _send(name: str, found: Found, message: Message, now: datetime, time: _Time) -> Outcome:
    kind, destination = found
    if time.left_s < _MIN_SEND_S:
        return _outcome(name, "no_time_left", "not sent, the invocation's time is used up")
    try:
        why = _exchange(kind, post_to(kind, destination, message, now), time)
    except requests.exceptions.SSLError:
        return _outcome(name, "not_connected", "not sent, its TLS certificate could not be verified")
    except requests.ConnectTimeout:
        return _outcome(name, "not_connected", "not sent, it did not take the connection in time")
    except (requests.Timeout, ReadTimeoutError, TimeoutError):
        return _outcome(name, "timed_out", "no answer in time; it may have been taken all the same")
    except (requests.RequestException, HTTPError, OSError):
        return _outcome(name, "not_connected", "could not connect, or the connection was lost before the answer came")
    return _outcome(name, "not_taken", why) if why else _outcome(name, "sent", "sent")


def _exchange(kind: DestinationKind, post: Post, time: _Time) -> str | None:
    """Return why a request was not taken; None if it was."""
    wanted = partial(needs_body, kind)
    status, body = exchange(post.url, post.body, post.headers, left_s=lambda: time.left_s, needs_body=wanted)
    return why_not_taken(kind, status, body)
