from collections.abc import Iterator

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.local.environment import CHECKOUT

UPDATE = {"action": "update_checkpoint", "target": "shop/orders/billing"}
REFUSED = {"operation": "UpdateCheckPoint", "status": 401, "error_code": "Unauthorized", "times": 99}
LOST = {"operation": "UpdateCheckPoint", "kind": "after_write", "times": 99}


def of_all_shards(shop: Shop) -> dict[str, object]:
    return {**UPDATE, "checkpoints": {str(shard): shop.cursor(shard, 5) for shard in range(4)}}


@pytest.mark.parametrize("kind", ["error", "reset", "after_write"])
def test_update_checkpoint_repeats_what_failed_on_the_way(functions: FunctionCaller, shop: Shop, kind: str) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "shard": 0, "kind": kind})

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert (answer.status, answer.json["status"], shop.checkpoints()[0]) == (200, "applied", shop.cursor(0, 5))


def test_update_checkpoint_that_sls_refuses_is_failed_as_a_whole(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    shop.fault(REFUSED)

    answer = functions.run(of_all_shards(shop))

    assert (answer.status, answer.json["status"]) == (502, "failed")
    assert (answer.error["code"], answer.error["sls_error_code"]) == ("sls_not_authorized", "Unauthorized")
    assert {shard["status"] for shard in answer.json["shards"]} <= {"failed", "not_attempted"}
    assert shop.checkpoints() == before


def test_update_checkpoint_can_be_sent_again_after_it_failed_as_a_whole(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault(REFUSED)
    command = of_all_shards(shop)
    functions.run(command)
    shop.fault()

    assert functions.run(command).json["status"] == "applied"


def test_update_checkpoint_says_which_shards_were_not_written(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({**REFUSED, "shard": 2})

    answer = functions.run(of_all_shards(shop))

    assert (answer.status, answer.json["status"]) == (502, "partial")
    assert (answer.error["code"], answer.error["sls_error_code"]) == ("partially_applied", "Unauthorized")
    assert "3 of 4 shards were written; not written: 2" in answer.error["message"]
    assert [shard["status"] for shard in answer.json["shards"]] == ["moved", "moved", "failed", "moved"]
    assert answer.shards[2]["error"]["sls_error_code"] == "Unauthorized"


def test_update_checkpoint_offers_to_resume_after_a_part(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({**REFUSED, "shard": 2})
    command = of_all_shards(shop)
    resume, _abandon = functions.run(command).json["next"]
    shop.fault()

    assert functions.run(resume).json["status"] == "applied"
    assert {str(shard): cursor for shard, cursor in shop.checkpoints().items()} == command["checkpoints"]


def test_update_checkpoint_offers_to_abandon_a_part_as_it_stands(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({**REFUSED, "shard": 2})
    _resume, abandon = functions.run(of_all_shards(shop)).json["next"]
    shop.fault()
    written = shop.checkpoints()

    assert functions.run(abandon).json["ok"]
    assert shop.checkpoints() == written
    assert functions.run({**UPDATE, "shard": 2, "checkpoint": shop.cursor(2, 7)}).json["status"] == "applied"


def test_update_checkpoint_without_a_journal_offers_what_is_left_after_a_part(
    unjournaled: FunctionCaller, shop: Shop
) -> None:
    shop.fault({**REFUSED, "shard": 2})
    command = of_all_shards(shop)
    left, _back, _look = unjournaled.run(command).json["next"]
    shop.fault()

    assert unjournaled.run(left).json["status"] == "applied"
    assert {str(shard): cursor for shard, cursor in shop.checkpoints().items()} == command["checkpoints"]


def test_update_checkpoint_without_a_journal_offers_the_way_back_from_a_part(
    unjournaled: FunctionCaller, shop: Shop
) -> None:
    before = shop.checkpoints()
    shop.fault({**REFUSED, "shard": 1})
    wanted = {str(shard): shop.cursor(shard, 5) for shard in range(3)}
    _left, back, _look = unjournaled.run({**UPDATE, "checkpoints": wanted}).json["next"]
    shop.fault()

    assert unjournaled.run(back).json["ok"]
    assert shop.checkpoints() == before


def test_update_checkpoint_believes_what_it_reads_back_not_the_answer(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({**LOST, "status": 500})

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert "reading back shows that it was written" in answer.shards[0]["note"]


def test_update_checkpoint_says_what_cannot_be_known(functions: FunctionCaller, shop: Shop) -> None:
    denied = {"kind": "error", "status": 401, "error_code": "Unauthorized", "times": 99}
    shop.fault(LOST, {"operation": "GetCheckPoint", "nth": 3, **denied})

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert (answer.status, answer.json["status"]) == (502, "failed")
    assert "whether it was written is not known" in answer.shards[0]["note"]
    assert "it may have taken effect" in answer.error["message"]
    assert "not_read_back" in answer.warnings


def test_update_checkpoint_believes_an_answer_where_reading_back_fails(functions: FunctionCaller, shop: Shop) -> None:
    denied = {"kind": "error", "status": 401, "error_code": "Unauthorized", "times": 99}
    shop.fault({"operation": "GetCheckPoint", "nth": 3, **denied})

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert (answer.json["status"], answer.shards[0]["note"]) == (
        "applied",
        "SLS took it; it could not be read back",
    )


@pytest.mark.parametrize(
    "operation", ["ListConsumerGroup", "ListShards", "GetCheckPoint", "GetCursor", "GetCursorTime"]
)
def test_update_checkpoint_writes_nothing_where_a_lookup_fails(
    functions: FunctionCaller, shop: Shop, operation: str
) -> None:
    shop.fault({"operation": operation, "status": 401, "error_code": "Unauthorized", "times": 99})

    answer = functions.run(of_all_shards(shop))

    assert (answer.status, answer.error["sls_error_code"]) == (502, "Unauthorized")
    assert operation in answer.error["message"]
    assert shop.writes() == []


@pytest.fixture(scope="module")
def hurried(make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionCaller]:
    """The functions with four seconds to live."""
    checkout = tmp_path_factory.mktemp("hurried")
    for name in ("functions", "shared"):
        (checkout / name).symlink_to(CHECKOUT / name)
    template = (CHECKOUT / "template.yml").read_text(encoding="utf-8")
    assert "timeout: 60" in template
    (checkout / "template.yml").write_text(template.replace("timeout: 60", "timeout: 4"), encoding="utf-8")
    with make_functions(checkout=checkout) as made:
        yield made


def test_update_checkpoint_gives_up_in_time_on_an_sls_that_never_answers(hurried: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "kind": "timeout", "times": 99})

    answer = hurried.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert (answer.status, answer.json["status"]) == (502, "failed")
    assert answer.error["code"] == "sls_unreachable"
    assert "no answer in time" in answer.error["message"]


def test_update_checkpoint_begins_no_write_when_time_is_nearly_used_up(hurried: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "ListShards", "kind": "delay", "delay_s": 1.3})

    answer = hurried.run(of_all_shards(shop))

    assert (answer.status, answer.error["code"]) == (504, "deadline_exceeded")
    assert {shard["status"] for shard in answer.json["shards"]} == {"not_attempted"}
    assert shop.writes() == []


def test_update_checkpoint_says_what_is_left_when_time_runs_out(hurried: FunctionCaller, shop: Shop) -> None:
    shop.add_logstore(shards=40)
    shop.add_group()
    shop.fault({"operation": "UpdateCheckPoint", "kind": "delay", "delay_s": 1.05, "times": 99})

    answer = hurried.run({**UPDATE, "checkpoints": {str(shard): shop.cursor(shard, 5) for shard in range(40)}})

    assert (answer.status, answer.json["status"]) == (504, "partial")
    statuses = [shard["status"] for shard in answer.json["shards"]]
    assert (statuses.count("moved"), statuses.count("not_attempted")) == (32, 8)
