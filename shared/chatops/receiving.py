"""What a chat platform gets at once: verified, read, handed over. Nothing in here, or behind it, calls SLS."""

from collections.abc import Callable

from shared.chat_settings import ChatSettings
from shared.chatops.asking import Words, read_asked
from shared.chatops.handing import Courier
from shared.chatops.messages import Card, Immediate, Message
from shared.chatops.platforms import Platform, platform_of
from shared.chatops.sealing import HandOver
from shared.errors import ConfigurationError, RefusedError
from shared.fc.bounded import NotInTimeError, run_within
from shared.fc.events import HttpEvent
from shared.fc.invocation import AlreadyInvokedError, InvocationError
from shared.fc.logs import log_configuration, log_fields
from shared.frozen import frozen
from shared.policy.rules import Policy

PLATFORMS_WAIT_S = 3.0
"""Seconds for which Slack and Feishu wait for an answer, from when they send.

Source: reference chat-and-webhooks.md sections 1.3, 3.4 and 3.5.
"""
COLD_START_S = 1.2
"""Seconds that are kept for what comes before the handler's first line: the way here, and an instance that starts."""
ANSWER_WITHIN_S = PLATFORMS_WAIT_S - COLD_START_S
"""Seconds after the handler's first line within which it answers."""

ON_IT = "On it."
UNDER_WAY = "This was received already; its answer has come or is on its way."
NOT_HANDED_OVER = (
    "This could not be handed to the worker: nothing was done, and nothing will be. Try again in a minute."
)
PERHAPS_HANDED_OVER = (
    "The worker's side did not answer: it is not known whether this arrived. If nothing comes within a minute, send it "
    "again; no plan is ever applied twice."
)
_ATTEMPT_S = 5
_MIN_HAND_OVER_S = 0.3
# What is kept of the time: for the answer alone, or for a message besides where an answer in place shows nothing.
_ANSWERING_S, _TELLING_S = 0.1, 0.7


@frozen
class Door:
    """What receiving takes from outside.

    Attributes:
        chat: Which platforms are on.
        policy: Loads the policy; only what is answered at once needs it.
        courier: Gives hand-overs to the worker.
        now_unix: The time.
        remaining_s: Seconds until the platform gives up.
    """

    chat: ChatSettings
    policy: Callable[[], Policy]
    courier: Courier
    now_unix: float
    remaining_s: Callable[[], float]


def receive(request: HttpEvent, door: Door) -> Immediate:
    """Return what answers a platform's request.

    Raises:
        AuthenticationError: It is not proven to come from the platform.
        RefusedError: There is no platform at this path, or it is not switched on; or the method is none of its.
    """
    platform = platform_of(request.path.strip("/"), door.chat)
    if platform is None:
        raise RefusedError("there is nothing at this path", code="no_such_path")
    if request.method in {"GET", "HEAD"}:
        # Slack probes the certificate so, without a signature.
        return Immediate()
    if request.method != "POST":
        raise RefusedError("platforms send by POST", code="method_not_allowed")
    received = platform.read(request, door.now_unix)
    return received if isinstance(received, Immediate) else _answer(received, platform, door)


def _answer(message: Message, platform: Platform, door: Door) -> Immediate:
    in_place = platform.answers_in_place(message)
    words = _words(message, door.policy) if in_place and message.text is not None else None
    if words is not None:
        return platform.acknowledge("\n".join(words.lines))
    kept_s = _ANSWERING_S if in_place else _TELLING_S
    problem = _hand_over(message, door.courier, max(_MIN_HAND_OVER_S, door.remaining_s() - kept_s))
    if problem is None:
        return platform.acknowledge(ON_IT if in_place else None)
    if in_place:
        return platform.acknowledge(problem)
    if problem != UNDER_WAY or message.button is not None:
        # A text that comes twice is the platform's own repetition: nobody waits for an answer to it.
        _tell_directly(problem, message, platform, door)
    return platform.acknowledge(None)


def _words(message: Message, policy: Callable[[], Policy]) -> Words | None:
    asked = read_asked(message.text or "", message.principal, policy())
    return asked if isinstance(asked, Words) else None


def _hand_over(message: Message, courier: Courier, within_s: float) -> str | None:
    """Return what to tell the person where it was not handed over; None if it was."""
    # The same button may be pressed again, when what was refused may work; a text is never typed twice.
    attempt = "" if message.button is None else str(message.sent_unix // _ATTEMPT_S)
    told = {"event": "handed_over", "principal": message.principal}
    try:
        named = (message.principal, message.message_id, attempt)
        courier.hand_over(HandOver("message", message), *named, within_s=within_s)
    except AlreadyInvokedError:
        log_fields({**told, "event": "repeated"})
        return UNDER_WAY
    except ConfigurationError as error:
        log_configuration(error.problems)
        return NOT_HANDED_OVER
    except InvocationError as error:
        log_fields({**told, "event": "not_handed_over", "message": error.message})
        return PERHAPS_HANDED_OVER if error.may_have_been_accepted else NOT_HANDED_OVER
    log_fields(told)
    return None


def _tell_directly(problem: str, message: Message, platform: Platform, door: Door) -> None:
    """Tell a person what no answer in place can: by the reply that the worker would have sent."""
    card = Card(title="Not done", lines=(problem,), audience="person")

    def send() -> list[tuple[str, str]]:
        return platform.send(card, message, now_unix=door.now_unix, remaining_s=door.remaining_s)

    try:
        outcomes = run_within(door.remaining_s(), send)
    except NotInTimeError as error:
        outcomes = [(error.code, error.message)]
    for code, why in outcomes:
        log_fields({"event": "posted", "platform": message.platform, "code": code, "message": why})
