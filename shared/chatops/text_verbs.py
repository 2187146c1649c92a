"""What can be typed: every text command with its arguments, what it does and examples."""

from collections.abc import Mapping

from shared.chatops import text_arguments as args
from shared.chatops.text_arguments import Reader
from shared.chatops.text_verb import Verb

_MOVE_NOTES = (
    "<where> is a duration back (2h, 1d12h), to <time>, begin, end, by <log groups>, like <other group>,",
    "or as-of <time>: what had been consumed then, as far as the journal knows.",
    "<time> is 2026-11-20T01:30+08:00, 01:30 or yesterday 01:30; without its zone, in the default zone.",
    "A zone behind UTC follows a clock time as UTC-03:00, since 01:30-03:00 may be meant as a range.",
    "Options: shards 0,3 or 0-3; at <time> (what durations count back from);",
    "clamp (begin at the oldest data kept where older is asked); wait 60s (for consumers to be gone);",
    "allow-active (move although somebody consumes); because <reason>, last.",
)


_BECAUSE: Mapping[str, Reader] = {"because": args.read_reason, "reason": args.read_reason}
_CAREFUL: Mapping[str, Reader] = {
    "allow-active": args.constant_reader("allow_active", value=True),
    "wait": args.seconds_reader("wait_free_s", "wait"),
    "verify-after": args.seconds_reader("verify_after_s", "verify-after"),
    **_BECAUSE,
}
_PLANNING: Mapping[str, Reader] = {"clamp": args.constant_reader("on_expired", value="clamp"), **_CAREFUL}
_MOVING: Mapping[str, Reader] = {
    "shard": args.read_shards,
    "shards": args.read_shards,
    "at": args.time_reader("at"),
    **_PLANNING,
}


_ONLY_ONE = "Without a target it is the only unfinished one on any alias; where there are several, they are listed."


def _mover(name: str, sign: int, does: str, *examples: str, notes: tuple[str, ...] = ()) -> Verb:
    return Verb(
        name,
        name,
        "<target> <where> [options]",
        does,
        examples,
        operand=args.goal_reader(sign),
        needs={"to": f"to: missing where to go; {args.WHERE}"},
        options=_MOVING,
        notes=(*_MOVE_NOTES, *notes),
    )


def _of_operation(
    name: str, arguments: str, does: str, which: str, options: Mapping[str, Reader], *, alone: str = ""
) -> Verb:
    return Verb(
        name,
        name,
        arguments,
        does,
        (f"{name} orders", f"{name} orders k3v7q2mfa5xw6dtb"),
        subject=args.read_group_if_any if alone else args.read_group,
        operand=args.read_operation_id,
        options=options,
        notes=(f"Without an operation it is {which} on that group; history shows them.", *([alone] if alone else [])),
    )


def _attribute(name: str, value: str, does: str, example: str, reader: Reader) -> Verb:
    return Verb(
        name,
        "update_consumer_group",
        f"<target> {value} [because <reason>]",
        does,
        (f"{name} orders {example}",),
        operand=reader,
        needs={name: f"{name}: missing its new value, {value}"},
        options=_BECAUSE,
        fixed={"dry_run": True},
    )


VERBS = (
    Verb(
        "describe",
        "describe",
        "<target> [watch 10s]",
        "tells where a group stands: lag, who holds its shards, what expires",
        ("describe orders", "describe shop/orders/billing watch 10s"),
        options={"watch": args.seconds_reader("watch_s", "watch")},
    ),
    Verb(
        "list",
        "list_consumer_groups",
        "<target>",
        "tells which consumer groups a Logstore has",
        ("list shop/orders",),
        subject=args.read_logstore,
    ),
    Verb(
        "peek",
        "peek",
        "<target> shard <shard> [count 3]",
        "shows the log groups that a shard reads next",
        ("peek orders shard 3", "peek orders shard 3 count 5"),
        operand=args.read_shard,
        needs={"shard": "shard: missing; which shard to look at"},
        options={"shard": args.read_shard, "count": args.read_count},
    ),
    Verb(
        "history",
        "history",
        "<target> [<how many>] [since <time>]",
        "tells who did what to a group, newest first",
        ("history orders", "history orders 5", "history orders since yesterday 01:30"),
        operand=args.read_limit,
        options={"since": args.time_reader("since")},
    ),
    _mover(
        "rewind", -1, "goes back to a position; shows the plan first", "rewind orders 2h", "rewind orders as-of 01:00"
    ),
    _mover(
        "skip",
        1,
        "goes forward to a position; shows the plan first",
        "skip orders end",
        "skip orders by 1 shard 3",
        notes=(
            "A duration counts back from now here too: skip orders 2h ago leaves out what is older than two hours.",
        ),
    ),
    _mover(
        "seek", 0, "goes to a position, back or forward; shows the plan first", "seek orders to 2026-11-20T01:30+08:00"
    ),
    _attribute("timeout", "<seconds>", "sets a group's timeout; shows the change first", "120", args.read_timeout),
    _attribute("order", "on|off", "sets whether a group keeps order; shows the change first", "on", args.read_switch),
    Verb(
        "apply",
        "apply",
        "<plan> [options]",
        "carries out a plan, exactly as it was shown",
        ("apply zkphfbw3pm",),
        subject=args.read_plan_id,
        options=_CAREFUL,
        notes=("Options: wait 60s (for consumers to be gone); allow-active; because <reason>, last.",),
    ),
    Verb(
        "cancel",
        "cancel",
        "<plan>",
        "lets a plan be, so that nobody can apply it any more",
        ("cancel zkphfbw3pm",),
        subject=args.read_plan_id,
        notes=("Whoever asked for the plan may, and whoever may do what it does.",),
        rights=("apply", "rewind", "skip", "seek", "undo", "update_consumer_group"),
    ),
    _of_operation(
        "undo",
        "<target> [<operation>] [options]",
        "takes an operation back; shows the plan first",
        "the last",
        _PLANNING,
    ),
    _of_operation(
        "verify",
        "[<target> [<operation>]]",
        "tells whether an operation's moves held",
        "the last",
        {},
        alone="Without a target it is the last on any alias that you may verify.",
    ),
    _of_operation(
        "resume",
        "[<target> [<operation>]]",
        "finishes an operation that was cut off",
        "the unfinished one",
        {},
        alone=_ONLY_ONE,
    ),
    _of_operation(
        "abandon",
        "[<target> [<operation>]] [because <reason>]",
        "ends an operation that was cut off, as it stands",
        "the unfinished one",
        _BECAUSE,
        alone=_ONLY_ONE,
    ),
    Verb(
        "snapshot",
        "snapshot",
        "<target> [because <reason>]",
        "writes a group's positions to the journal, for as-of",
        ("snapshot orders",),
        options=_BECAUSE,
    ),
    Verb(
        "doctor",
        "doctor",
        "",
        "tells whether the installation can do its work, and what to mend",
        ("doctor",),
        subject=lambda _: {},
    ),
)

BY_NAME: Mapping[str, Verb] = {verb.name: verb for verb in VERBS}

# What other tools call it; suggested, never run.
LIKE: Mapping[str, str] = {
    "status": "describe",
    "lag": "describe",
    "show": "describe",
    "groups": "list",
    "rollback": "rewind",
    "replay": "rewind",
    "reset": "seek",
    "move": "seek",
    "forward": "skip",
    "revert": "undo",
    "confirm": "apply",
    "approve": "apply",
    "continue": "resume",
    "log": "history",
    "check": "doctor",
    "health": "doctor",
    "diagnose": "doctor",
    "commands": "help",
}
