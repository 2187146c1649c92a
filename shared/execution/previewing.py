"""Showing a plan, and keeping it in the journal so that exactly that can be applied."""

from shared.errors import RewindError
from shared.execution.apply_options import options_notice
from shared.execution.invocation import Work
from shared.execution.journaling import make_record
from shared.frozen import as_plain
from shared.moves import Move
from shared.names import printable
from shared.operation_commands import Moving, Planning
from shared.planning.plans import OperationPlan, effect_notice, plan_record
from shared.positions import iso_utc
from shared.results import Notice, Result, Sight

PLAN_LIFETIME_S = 15 * 60
_PLAN_ID_LENGTH = 10
_MAX_NAMED = 5
_LONGEST_NAMES = 400


def preview(work: Work, plan: OperationPlan) -> Result:
    """Return what a plan would do; where there is a journal, with the id to apply it by."""
    plan_id, expires_at = _keep(work, plan)
    options = options_notice(work.command) if plan_id else ()
    work.warnings[:0] = [*effect_notice(plan.liveness, written=False), *options]
    work.warnings += _approval(work) if plan_id else []
    shards = plan.in_order([move.result("planned", note=_note(move)) for move in plan.moves])
    return work.result(
        "planned",
        shards=shards,
        consumer_group=plan.attributes,
        plan_id=plan_id,
        expires_at=expires_at,
        next=[{"action": "apply", "plan_id": plan_id}] if plan_id else _directly(work),
        sight=_sight(work, plan),
    )


def _sight(work: Work, plan: OperationPlan) -> Sight:
    liveness = plan.liveness
    return Sight(
        goal_unix=plan.goal_unix,
        consumers=liveness.state if liveness else None,
        holders=tuple(sorted({move.holder for move in plan.moves if move.holder})),
        free_at=liveness.free_at if liveness else None,
        ends=plan.ends,
        undoes=plan.undoes,
        reason=getattr(work.command, "reason", None) or "",
        asked_by=work.invocation.principal,
        allow_active=getattr(work.command, "allow_active", False),
        wait_free_s=getattr(work.command, "wait_free_s", 0),
    )


def _approval(work: Work) -> list[Notice]:
    """Return who may apply the plan, where that is not the one who asked for it."""
    if work.grant.confirm != "other":
        return []
    named = work.grant.approvers
    more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
    who = printable(", ".join(named[:_MAX_NAMED]), longest=_LONGEST_NAMES) + more
    return [Notice("needs_approval", f"the asker cannot apply this plan; one of its approvers can: {who}")]


def _note(move: Move) -> str | None:
    kept = f"what comes next there is kept until {move.expires_at}" if move.expires_at else None
    return "; ".join(filter(None, (move.note, kept))) or None


def unchanged(work: Work, plan: OperationPlan) -> Result:
    """Return the result of a plan that changes nothing."""
    return work.result("unchanged", shards=plan.in_order(()), consumer_group=plan.attributes)


def _keep(work: Work, plan: OperationPlan) -> tuple[str | None, str | None]:
    if work.journal is None:
        work.warn("not_journaled", "REWIND_JOURNAL is not set: the plan is not kept, and cannot be applied by its id")
        return None, None
    plan_id = work.invocation.fresh_id(_PLAN_ID_LENGTH)
    expires_unix = int(work.now_unix) + PLAN_LIFETIME_S
    detail = {
        "plan": plan_record(plan),
        "command": _kept_command(work),
        "expires_unix": expires_unix,
        "liveness": as_plain(plan.liveness) if plan.liveness else None,
    }
    try:
        # A plan is handed out once it can be found: whoever applies it may do so at once, in another instance.
        work.journal.append_and_read_back(make_record(work, "planned", detail, plan_id=plan_id, operation_id=""))
    except RewindError as error:
        work.warnings.append(Notice("not_journaled", f"the plan could not be kept: {error.message}"))
        return None, None
    return plan_id, iso_utc(expires_unix)


def _kept_command(work: Work) -> dict[str, object]:
    told: dict[str, object] = work.command.model_dump(mode="json", exclude_defaults=True)
    if isinstance(work.command, Moving) and work.counted_from_unix is not None:
        # A plan that is made anew goes to where this one goes, and not so much later.
        told["at"] = int(work.counted_from_unix)
    return told


def _directly(work: Work) -> list[dict[str, object]]:
    """Return the command without its dry run; nothing where it would be refused, since no journal is set."""
    if work.journal is None and isinstance(work.command, Planning):
        return []
    return [{**work.again(), **work.command.options(), "dry_run": False}]
