"""What a check of the doctor finds, in the form that results carry."""

from collections.abc import Sequence
from typing import Literal

from shared.frozen import frozen

CheckStatus = Literal["ok", "warning", "failed", "skipped"]


@frozen
class Check:
    """One thing that was looked at.

    Attributes:
        check: What was looked at: `settings`, `rights shop/orders/billing`.
        status: "warning" works but deserves a thought; "skipped" could not be looked at from here.
        message: What was found; never a secret.
        hint: What to do about it; None where there is nothing to do.
    """

    check: str
    status: CheckStatus
    message: str
    hint: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Return the check in the contract's form."""
        return {"check": self.check, "status": self.status, "message": self.message, "hint": self.hint}


_OF_OTHERS = ("policy", "secrets", "callers")
_WORST_FIRST: tuple[CheckStatus, ...] = ("failed", "warning", "skipped", "ok")


def without_others(checks: Sequence[Check]) -> list[Check]:
    """Return checks as somebody is told them who may not know of other callers: counted, where they would name one."""
    found = []
    for name in dict.fromkeys(check.check for check in checks):
        same = [check for check in checks if check.check == name]
        wrong = [check for check in same if check.status != "ok"]
        if name in _OF_OTHERS and wrong:
            worst = min((check.status for check in wrong), key=_WORST_FIRST.index)
            told = f"{len(wrong)} findings, told to those alone whose rules let them ask the doctor of every target"
            same = [Check(name, worst, told, "Let one of them, or `python -m shared.doctor`, ask.")]
        found += same
    return found
