"""How waves of writes follow one another, seen at the stand-in."""

from collections import Counter

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop

WAVE = 32
REWIND = {"action": "rewind", "target": "shop/orders/billing", "dry_run": False}


@pytest.fixture
def wide(shop: Shop) -> Shop:
    """Three waves of shards, all consumed to their end an hour ago."""
    shop.add_logstore(shards=3 * WAVE)
    shop.add_group()
    for shard in range(3 * WAVE):
        shop.commit(shard, shop.end(shard), ago_s=HOUR_S)
    return shop


def test_every_wave_is_written_after_a_look_of_its_own(functions: FunctionCaller, wide: Shop) -> None:
    functions.run({**REWIND, "to": "begin"})

    operations = [(call["operation"], call["shard"]) for call in wide.calls()]
    looks = [number for number, (operation, _) in enumerate(operations) if operation == "GetCheckPoint"]
    for wave in range(3):
        first = min(operations.index(("UpdateCheckPoint", shard)) for shard in range(wave * WAVE, (wave + 1) * WAVE))
        # Observed, and looked at after the claim: the first wave needs no more.
        assert sum(look < first for look in looks) >= 2 + wave


def test_a_wave_that_waits_for_slow_writes_looks_again(functions: FunctionCaller, wide: Shop) -> None:
    wide.fault({"operation": "UpdateCheckPoint", "kind": "delay", "delay_s": 0.6, "times": WAVE})

    assert functions.run({**REWIND, "to": "begin"}).json["status"] == "applied"

    calls = wide.calls()
    first_wave_unix = min(call["unix"] for call in calls if call["operation"] == "UpdateCheckPoint")
    second_wave = next(n for n, c in enumerate(calls) if c["operation"] == "UpdateCheckPoint" and c["shard"] >= WAVE)
    looks = [call for call in calls[:second_wave] if call["operation"] == "GetCheckPoint"]
    assert looks[-1]["unix"] >= first_wave_unix + 0.6


def test_no_further_wave_is_written_once_one_has_failed_as_a_whole(functions: FunctionCaller, wide: Shop) -> None:
    wide.fault({"operation": "UpdateCheckPoint", "status": 401, "error_code": "Unauthorized", "times": 999})

    answer = functions.run({**REWIND, "to": "begin"})

    assert sorted(call["shard"] for call in wide.writes()) == list(range(WAVE))
    statuses = Counter(shard["status"] for shard in answer.json["shards"])
    assert statuses == {"failed": WAVE, "not_attempted": 2 * WAVE}


def test_a_warm_instance_asks_the_journal_for_its_form_what_is_new_and_its_own_claim(
    functions: FunctionCaller, shop: Shop
) -> None:
    functions.run({**REWIND, "to": "begin"})
    # Written long ago: what was written just now would have to be told from a consumer's.
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, 0), ago_s=HOUR_S)
    before = _of_the_journal(shop)

    functions.run({**REWIND, "action": "seek", "to": "end"})

    # What is new up to the end is a page and an empty one; what stands behind its own claim is left for the next time.
    assert _of_the_journal(shop) - before == {"ListShards": 1, "PullLogs": 3, "PutLogs": 2}


def _of_the_journal(shop: Shop) -> Counter[str]:
    name = shop.sls.journal.partition("/")[2]
    return Counter(call["operation"] for call in shop.calls(journal=True) if call["logstore"] == name)
