"""Whatever a result holds, its card keeps to the limits and loses no shard."""

import re

from hypothesis import given
from hypothesis import strategies as st

from shared.chatops.messages import Card
from shared.positions import iso_utc
from shared.results import (
    AttributeChange,
    Attributes,
    Error,
    Notice,
    Position,
    Result,
    ShardResult,
    Sight,
    Target,
)
from tests.fuzz.amount import some
from tests.unit.chatops.plain import plain_lines
from tests.unit.chatops.shown import ABANDON, APPLY, OPERATION_ID, RESUME, UNDO, VERIFY, card, later_card

TEXTS = st.text(max_size=1200)
TIMES = st.none() | st.integers(0, 4_000_000_000).map(iso_utc)
POSITIONS = st.builds(Position, st.sampled_from(["", "MTAw", "MTAwMDA=", "?"]), TIMES)
ERRORS = st.builds(Error, st.sampled_from(["conflict", "denied_by_policy"]), TEXTS, st.none() | TEXTS)
DIRECTIONS = st.sampled_from(["backward", "forward", "none"])
SHARD_STATUSES = st.sampled_from(
    ["read", "planned", "moved", "unchanged", "skipped", "conflict", "failed", "not_attempted"]
)
STATUSES = st.sampled_from(
    ["read", "planned", "applied", "unchanged", "duplicate", "accepted", "partial", "refused", "failed"]
)
ATTRIBUTES = st.builds(Attributes, st.integers(1, 9999), st.booleans())
TARGETS = st.builds(Target, st.just("p" * 63), st.just("l" * 80), st.sampled_from(["billing", "g" * 128]))
SIGHTS = st.builds(
    Sight,
    goal_unix=st.none() | st.integers(0, 4_000_000_000),
    consumers=st.sampled_from([None, "active", "held", "free"]),
    holders=st.lists(TEXTS, max_size=5).map(tuple),
    free_at=TIMES,
    ends=st.dictionaries(st.integers(0, 30), st.integers(0, 10**6)),
    reason=TEXTS,
)


@st.composite
def shards(draw: st.DrawFn) -> tuple[ShardResult, ...]:
    """Return the results of up to 60 shards, each alike or each its own."""
    one = st.builds(
        ShardResult,
        shard=st.just(0),
        status=SHARD_STATUSES,
        before=POSITIONS,
        direction=DIRECTIONS,
        after=st.none() | POSITIONS,
        log_groups=st.none() | st.integers(-(10**12), 10**12),
        note=st.none() | TEXTS,
        error=st.none() | ERRORS,
    )
    kinds = draw(st.lists(one, max_size=4))
    count = draw(st.integers(0, 60)) if kinds else 0
    return tuple(_numbered(kinds[number % len(kinds)], number) for number in range(count))


def _numbered(shard: ShardResult, number: int) -> ShardResult:
    told = (shard.status, shard.before, shard.direction, shard.after, shard.log_groups, shard.note, shard.error)
    return ShardResult(number, *told)


RESULTS = st.builds(
    Result,
    status=STATUSES,
    action=st.sampled_from(["rewind", "apply", "resume", "abandon", "update_consumer_group", "describe", "unknown"]),
    target=st.none() | TARGETS,
    operation_id=st.sampled_from([None, OPERATION_ID]),
    shards=shards(),
    consumer_group=st.none() | st.builds(AttributeChange, ATTRIBUTES, ATTRIBUTES),
    warnings=st.lists(
        st.builds(Notice, st.sampled_from(["not_in_effect", "receive_time", "other"]), TEXTS), max_size=7
    ),
    expires_at=TIMES,
    next=st.lists(st.sampled_from([APPLY, UNDO, VERIFY, RESUME, ABANDON, {"action": "describe"}]), max_size=5),
    error=st.none() | ERRORS,
    fc_request_id=st.none() | TEXTS,
    retry_after_s=st.none() | st.integers(0, 10**6),
    sight=st.none() | SIGHTS,
    recorded_by=st.none() | TEXTS,
    recorded_at=TIMES,
)


def prose_of(shown: Card) -> list[str]:
    """Return the lines that hold a reason, the only ones beyond ASCII."""
    begins = [number for number, line in enumerate(shown.lines) if line.startswith("Reason: ")]
    return list(shown.lines[begins[0] : begins[0] + 3]) if begins else []


def check_limits(shown: Card) -> None:
    """Hold a card against what platforms and people can take."""
    texts = [shown.title, shown.footer, *shown.lines, *(cell for row in shown.table for cell in row)]
    assert all(text.isprintable() or not text for text in texts)
    assert all(text.isascii() for text in texts if not shown.lines or text not in prose_of(shown))
    assert 0 < len(shown.title) <= 150
    assert len(shown.lines) <= 25
    assert all(0 < len(line) <= 300 for line in (*shown.lines, shown.footer))
    assert len(shown.table) != 1
    assert len(shown.table) <= 13
    assert len({len(row) for row in shown.table}) <= 1
    assert all(len(offer.label) <= 30 and len(offer.text) <= 300 for offer in shown.offers)
    assert shown.audience == "channel" or not shown.replaces


@some(150)
@given(result=RESULTS, replaces=st.booleans())
def test_any_result_makes_a_card_that_fits_and_accounts_for_every_shard(result: Result, *, replaces: bool) -> None:
    shown = card(result, replaces=replaces)

    check_limits(shown)
    plain_lines(shown)
    if result.status != "read":
        rows = [row[0] for row in shown.table[1:]]
        singles = [row for row in rows if row.isdecimal()]
        summed = [int(found[1]) for row in rows if (found := re.fullmatch(r"(\d+) more", row))]
        assert len(singles) + sum(summed) == len(result.shards)
        assert len(set(singles)) == len(singles)


@some(60)
@given(result=RESULTS)
def test_the_tables_log_groups_are_those_of_all_moves(result: Result) -> None:
    cells = " ".join(row[2] for row in card(result).table[1:]) if result.status != "read" else ""
    counts = [s.log_groups or 0 for s in result.shards if s.status in {"planned", "moved"}] if cells else []

    again, skipped = (sum(map(int, re.findall(rf"(\d+) {word}", cells))) for word in ("again", "skipped"))

    assert again == sum(-count for count in counts if count < 0)
    assert skipped == sum(count for count in counts if count > 0)


@some(60)
@given(result=RESULTS)
def test_any_verification_makes_a_card_that_fits(result: Result) -> None:
    check_limits(later_card(result))
