"""Writers that commit as Flink's connector does: by force, without a heartbeat and without a name."""

import pytest

from tests.e2e.consumer_world import GROUP, FlinkLikeReader, all_read, append, lay_out
from tests.e2e.rewind_world import wait_until
from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop

LOG_GROUPS = 300
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def reader(shop: Shop, loopback_names: str) -> FlinkLikeReader:
    lay_out(shop, shards=1, log_groups=LOG_GROUPS)
    shop.add_group()
    shop.commit(0, shop.cursor(0, 0), ago_s=HOUR_S)
    return FlinkLikeReader(shop, loopback_names, 0)


def test_a_writer_without_a_name_counts_as_active_and_its_overwrite_is_found(
    functions: FunctionCaller, shop: Shop, reader: FlinkLikeReader
) -> None:
    with reader.running():
        wait_until(lambda: all_read(shop))
        described = functions.run({"action": "describe", **GROUP}).json["describe"]
        refused = functions.run(REWIND)
        stood = all_read(shop)
        applied = functions.run({**REWIND, "allow_active": True})
        append(shop, 0)
        wait_until(lambda: all_read(shop))
    (verdict,) = functions.run(applied.json["next"][0]).json["verify"]

    assert described["liveness"]["state"] == "active"
    assert (refused.status, refused.error["code"], stood) == (409, "active_consumers", True)
    assert "by a writer without a name" in refused.error["message"]
    assert (applied.json["status"], applied.json["warnings"][0]["code"]) == ("applied", "not_in_effect")
    assert (verdict["state"], verdict["consumer"]) == ("overwritten", None)


def test_a_writer_without_a_name_that_stopped_reads_exactly_what_a_rewind_gives_back(
    functions: FunctionCaller, shop: Shop, reader: FlinkLikeReader
) -> None:
    with reader.running():
        wait_until(lambda: all_read(shop))
    first, reader.seen = reader.seen, []
    shop.sls.control("clock", {"skew_s": 120})
    applied = functions.run(REWIND)
    with reader.running():
        wait_until(lambda: all_read(shop))

    assert first == [(0, n) for n in range(LOG_GROUPS)]
    assert (applied.json["status"], "not_in_effect" in applied.warnings) == ("applied", False)
    assert reader.seen == [(0, n) for n in range(LOG_GROUPS - 100, LOG_GROUPS)]
