"""Buttons for the commands that fit now."""

from collections.abc import Mapping
from typing import Literal, cast

from shared.chatops.messages import Offer, Style
from shared.chatops.text_spelled import spell
from shared.results import Result

_Followup = Literal["undo", "verify", "resume", "abandon"]
_LABELS: Mapping[_Followup, tuple[str, Style]] = {
    "resume": ("Resume", "primary"),
    "undo": ("Undo", "default"),
    "verify": ("Verify", "default"),
    "abandon": ("Abandon", "default"),
}


def offers_of(result: Result) -> tuple[Offer, ...]:
    """Return the buttons of what a result says fits now; commands that no button can say are left to its text."""
    offers: list[Offer] = []
    for command in result.next:
        if command.get("action") == "apply":
            offers += _of_plan(str(command["plan_id"]))
    for action in _LABELS:
        offers += [followup(command) for command in result.next if command.get("action") == action]
    return tuple(offers)


def followup(command: Mapping[str, object]) -> Offer:
    """Return the button of a command on an operation."""
    action = cast("_Followup", command["action"])
    label, style = _LABELS[action]
    return Offer(label, action, str(command["operation_id"]), _text(command), style)


def _of_plan(plan_id: str) -> tuple[Offer, Offer]:
    """Return the buttons of a plan: carry it out, or let it be."""
    return (
        Offer("Apply", "apply", plan_id, _text({"action": "apply", "plan_id": plan_id}), "danger"),
        Offer("Cancel", "cancel", plan_id, _text({"action": "cancel", "plan_id": plan_id})),
    )


def _text(command: Mapping[str, object]) -> str:
    """Return the text that asks for a command; "" where none does."""
    try:
        return spell(command)
    except ValueError:
        return ""
