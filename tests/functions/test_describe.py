import base64
from datetime import datetime
from typing import Any

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, LOG_GROUPS, Shop, iso_utc

DESCRIBE = {"action": "describe", "target": "shop/orders/billing"}
DAY_S = 86_400


def described(functions: FunctionCaller, shard: int = 0) -> Any:  # noqa: ANN401 -- any JSON document
    answer = functions.run(DESCRIBE)
    assert answer.status == 200
    return answer.json["describe"]["shards"][shard]


def test_describe_tells_how_far_behind_a_shard_is(functions: FunctionCaller, shop: Shop) -> None:
    shard = described(functions)

    assert (shard["state"], shard["lag_s"], shard["log_groups_behind"]) == ("behind", 600, 600)
    assert shard["time"] == iso_utc(shop.now_unix - 601)
    assert shard["lag_is_at_least"] is False


def test_describe_tells_when_the_next_log_group_expires(functions: FunctionCaller, shop: Shop) -> None:
    assert described(functions)["position_expires_at"] == iso_utc(shop.now_unix - 600 + 30 * DAY_S)


def test_describe_knows_no_expiry_where_data_is_kept_for_ever(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_logstore(ttl_days=3650)
    shop.add_group()
    shop.commit(0, shop.cursor(0, 5))

    assert described(functions)["position_expires_at"] is None


def test_describe_says_when_the_checkpoint_was_written_in_utc(functions: FunctionCaller, shop: Shop) -> None:
    written = datetime.fromisoformat(described(functions)["update_time"].replace("Z", "+00:00")).timestamp()

    assert abs(written - (shop.now_unix - HOUR_S)) < 30


def test_describe_says_that_a_shard_was_never_checkpointed(functions: FunctionCaller, shop: Shop) -> None:
    assert shop.checkpoints()[3] == ""

    shard = described(functions, 3)

    assert (shard["state"], shard["checkpoint"]) == ("never", "")
    assert "never checkpointed" in shard["note"]
    nothing = ("time", "lag_s", "log_groups_behind", "update_time", "position_expires_at", "consumer")
    assert [shard[key] for key in nothing] == [None] * 6


def test_describe_takes_a_shard_that_sls_does_not_list_as_never(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("switches", {"never_checkpointed": "absent"})

    assert described(functions, 3)["state"] == "never"


def test_describe_says_that_a_shard_is_caught_up(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.end(0))

    shard = described(functions)

    assert (shard["state"], shard["lag_s"], shard["log_groups_behind"]) == ("caught_up", 0, 0)
    assert shard["time"] == iso_utc(shop.now_unix - 1)
    assert shard["position_expires_at"] is None


@pytest.mark.parametrize("end_time", ["last", "now"])
def test_describe_never_asks_for_the_time_of_the_end_cursor(
    functions: FunctionCaller, shop: Shop, end_time: str
) -> None:
    shop.sls.control("switches", {"end_cursor_time": end_time})
    ends = {shop.end(shard) for shard in range(4)}
    shop.commit(0, shop.end(0))

    assert described(functions)["lag_s"] == 0
    assert not ends & {call["query"].get("cursor") for call in shop.calls()}


def test_describe_counts_lag_in_receive_time_not_in_log_groups(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_logstore(log_groups=100, begin_unix=shop.now_unix - 1000, interval_s=10)
    shop.add_group()
    shop.commit(0, shop.cursor(0, -30))

    shard = described(functions)

    assert (shard["lag_s"], shard["log_groups_behind"]) == (300, 30)


def test_describe_at_the_begin_counts_from_the_oldest_log_group(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, 0))

    shard = described(functions)

    assert (shard["state"], shard["lag_s"], shard["log_groups_behind"]) == ("behind", LOG_GROUPS - 1, LOG_GROUPS)
    assert shard["time"] == iso_utc(shop.now_unix - LOG_GROUPS)
    assert shard["lag_is_at_least"] is True


def test_describe_says_that_a_checkpoint_expired_and_what_consumers_would_do(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.commit(0, shop.cursor(0, 50))
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": 80})

    shard = described(functions)

    assert (shard["state"], shard["log_groups_lost"], shard["time"]) == ("expired", 30, None)
    assert (shard["lag_s"], shard["lag_is_at_least"]) == (LOG_GROUPS - 1 - 80, True)
    assert all(library in shard["note"] for library in ("expired", "Python", "Java", "Go"))


def test_describe_bears_a_shard_whose_data_all_expired(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": LOG_GROUPS})

    shard = described(functions)

    assert (shard["state"], shard["lag_s"], shard["log_groups_behind"]) == ("expired", None, 0)


def test_describe_says_that_a_checkpoint_lies_beyond_the_end(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.end(1))

    shard = described(functions)

    assert (shard["state"], shard["lag_s"], shard["time"]) == ("beyond_end", None, None)
    assert "beyond its end" in shard["note"]


def test_describe_says_that_a_checkpoint_is_no_cursor(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, base64.b64encode(b"not a number").decode())

    shard = described(functions)

    assert (shard["state"], shard["lag_s"]) == ("unreadable", None)
    assert "not a cursor" in shard["note"]


def test_describe_bears_a_shard_that_never_had_data(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_logstore(log_groups=0)
    shop.add_group()
    shop.commit(0, shop.end(0))

    shard = described(functions)

    assert (shard["state"], shard["lag_s"], shard["log_groups_behind"]) == ("caught_up", 0, 0)
    assert shard["time"] is None


def test_describe_says_that_a_readonly_shard_is_finished(functions: FunctionCaller, shop: Shop) -> None:
    shop.split(2)
    shop.commit(2, shop.end(2))

    shard = described(functions, 2)

    assert (shard["shard_status"], shard["state"]) == ("readonly", "caught_up")
    assert "finished" in shard["note"]


def test_describe_shows_the_children_of_a_split_shard(functions: FunctionCaller, shop: Shop) -> None:
    shop.split(2)

    shards = functions.run(DESCRIBE).json["describe"]["shards"]

    assert [(s["shard"], s["shard_status"]) for s in shards[2:]] == [
        (2, "readonly"),
        (3, "readwrite"),
        (4, "readwrite"),
        (5, "readwrite"),
    ]


def test_describe_sorts_shards_however_sls_lists_them(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("switches", {"list_shards_order": "rotated"})

    answer = functions.run(DESCRIBE)

    assert list(answer.shards) == [0, 1, 2, 3]


def test_describe_sums_the_group_up(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(1, shop.cursor(1, -1000), ago_s=HOUR_S)

    group = functions.run(DESCRIBE).json["describe"]

    assert (group["lag_s"], group["log_groups_behind"]) == (1000, 2200)
    assert group["summary"].startswith("largest lag is 16 min 40 s, on shard 1")
    assert (group["ttl_days"], group["timeout_s"], group["order"]) == (30, 60, False)


def test_describe_repeats_each_shard_in_the_form_of_all_results(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(DESCRIBE)

    assert answer.shards[0] == {
        "shard": 0,
        "status": "read",
        "direction": "none",
        "before": {"checkpoint": shop.cursor(0, -600), "time": iso_utc(shop.now_unix - 601)},
        "after": None,
        "log_groups": None,
        "note": None,
        "error": None,
    }
    assert answer.json["consumer_group"] == {
        "before": {"timeout": 60, "order": False},
        "after": {"timeout": 60, "order": False},
    }


def test_describe_only_reads_and_never_joins_the_group(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(DESCRIBE)

    assert shop.calls()
    assert shop.writes() == []


def test_describe_keeps_the_id_of_every_answer(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(DESCRIBE)

    assert len(set(answer.json["sls_request_ids"])) == len(shop.calls(journal=True))
