"""The worker: opens what chatops handed over, carries it out like any caller's command, and shows the outcome."""

import time
from dataclasses import replace

from shared.chatops.buttons import make_value
from shared.chatops.carrying import carry_out
from shared.chatops.desk import Desk, desk_of
from shared.chatops.messages import Button, Card
from shared.chatops.sealing import HandOver
from shared.chatops.settling import awaited
from shared.errors import RewindError

__all__ = ["COMMAND_TIME_S", "desk_of", "work"]

COMMAND_TIME_S = 120.0
"""Seconds that a command of a chat may take: its lease, and so how long one that was cut off holds its group."""

_SHOWING_TIME_S = 15.0
_MAX_TURNS = 3
_SHOWN_AGAIN_S = 15
# To try these again would change nothing.
_FINAL = frozenset({"taken", "not_allowed", "no_way_to_answer", "session_expired"})


def work(given: HandOver, desk: Desk) -> None:
    """Carry a hand-over out and show what became of it; what cannot be shown is logged, without any address."""
    reply = carry_out(given, desk)
    if reply.again_in_s is not None and reply.result and _hand_again(given, reply.again_in_s, desk):
        reply = replace(reply, card=desk.card(awaited(reply.result)))
    codes = _show(reply.card, desk) if reply.card else []
    if reply.is_kept and codes and not _FINAL & set(codes):
        _hand_again(given, _SHOWN_AGAIN_S * 4**given.turn, desk)
    if reply.to_verify is not None:
        _hand_over_verification(reply.to_verify, reply.verify_after_s, desk)


def _show(card: Card, desk: Desk) -> list[str]:
    message, now_unix = desk.message, desk.invocation.now().timestamp()
    ends_s = time.monotonic() + _SHOWING_TIME_S
    told = desk.platform.send(card, message, now_unix=now_unix, remaining_s=lambda: ends_s - time.monotonic())
    for code, why in told:
        desk.invocation.audit({"event": "posted", "platform": message.platform, "code": code, "message": why})
    return [code for code, _ in told]


def _hand_again(given: HandOver, delay_s: int, desk: Desk) -> bool:
    """Hand the same to the worker once more, and return whether that worked: a few times, and no more."""
    if given.turn >= _MAX_TURNS:
        return False
    try:
        desk.courier.hand_again(given, delay_s)
    except RewindError as error:
        desk.invocation.audit({"event": "not_handed_over", "delivery": given.delivery, "code": error.code})
        return False
    return True


def _hand_over_verification(operation_id: str, after_s: int | None, desk: Desk) -> None:
    value = make_value(desk.courier.worker.key, "verify", operation_id, desk.message)
    after_s = desk.chat.verify_after_s if after_s is None else after_s
    later = int(desk.invocation.now().timestamp()) + after_s
    asked = replace(desk.message, text=None, button=Button("verify", value))
    try:
        desk.courier.hand_over(HandOver("follow_up", asked, later), operation_id)
    except RewindError as error:
        desk.invocation.audit({"event": "not_handed_over", "operation_id": operation_id, "code": error.code})
