"""The options of `apply`: its own, else those of its plan's command, as far as whoever applies it has seen them."""

from collections.abc import Mapping

from shared.execution.invocation import Invocation, Work
from shared.journal.records import Record
from shared.operation_commands import Apply, Careful
from shared.planning.liveness import Liveness
from shared.planning.plans import check_liveness
from shared.results import Notice

APPLY_OPTIONS = "apply_options"
_SEEN_ONLY = "allow_active"
_OPTIONS = (_SEEN_ONLY, "wait_free_s", "verify_after_s")
_NOT_TAKEN = (
    " The plan was asked with allow_active, by somebody else: name allow_active on apply, too, if it is to move the "
    "shards all the same."
)


def as_planned(command: Apply, planned: Record, invocation: Invocation) -> Apply:
    """Return an apply with the options of the command that its plan was made for, where it names none itself.

    `allow_active` is taken only for who asked for it, or has seen it: nobody else moves a group under its consumers
    without saying so.
    """
    asked, named = _asked_with(planned), command.model_fields_set
    is_seen = invocation.has_seen_plan or planned.principal == invocation.principal
    taken = {
        name: asked[name]
        for name in _OPTIONS
        if name in asked and name not in named and (is_seen or name != _SEEN_ONLY)
    }
    try:
        return Apply.model_validate({**command.model_dump(exclude_unset=True), **taken})
    except ValueError:
        # What stands in the journal may be none of ours.
        return command


def _asked_with(planned: Record) -> Mapping[str, object]:
    recorded = planned.detail.get("command")
    return recorded if isinstance(recorded, dict) else {}


def options_notice(command: object, planned: Record | None = None) -> tuple[Notice, ...]:
    """Return what applying a plan does besides, as was asked with the plan; nothing where none of that was asked.

    Args:
        command: The one that makes the plan, or that applies it.
        planned: The plan that is applied: what was not asked with it is no news to whoever names it on `apply`.
    """
    if not isinstance(command, Careful):
        return ()
    told = {
        "allow_active": "moves the shards although somebody consumes",
        "wait_free_s": f"waits up to {command.wait_free_s} s for the consumers to be gone",
        "verify_after_s": f"looks {command.verify_after_s} s later whether it held",
    }
    asked = told if planned is None else _asked_with(planned)
    options = ", ".join(text for name, text in told.items() if name in asked and getattr(command, name))
    return (Notice(APPLY_OPTIONS, f"as asked, applying it {options}"),) if options else ()


def check_consumers(work: Work, liveness: Liveness | None) -> None:
    """Let a command's write pass that no consumer would undo at once, or that is to be made all the same.

    Raises:
        RefusedError: Somebody is consuming, and the command does not allow that.
    """
    allow_active = bool(getattr(work.command, _SEEN_ONLY, False))
    is_left_out = work.planned is not None and _asked_with(work.planned).get(_SEEN_ONLY) is True
    is_left_out = is_left_out and _SEEN_ONLY not in work.command.model_fields_set
    check_liveness(liveness, allow_active=allow_active, more=_NOT_TAKEN if is_left_out else "")
