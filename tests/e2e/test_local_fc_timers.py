import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.e2e.timer_checkout import CONFIGS, delivered, environment, up, write_checkout, write_template
from tests.local.fc.errors import TemplateError
from tests.local.fc.template import load_template
from tests.local.fc.timers import Timers, keep_firing
from tests.local.fc.trial import fixture_gateway

START = datetime(2026, 1, 31, 3, 59, 30, tzinfo=timezone.utc)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    write_checkout(tmp_path)
    return tmp_path


def test_a_timer_fires_with_its_payload_as_it_is_written(checkout: Path) -> None:
    with environment(checkout) as running:
        Timers(running.gateway, START).fire_due(START + timedelta(seconds=30))
        running.gateway.wait_idle()
        events = delivered(checkout)

    assert {"triggerTime": "2026-01-31T04:00:00Z", "triggerName": "nightly", "payload": '{"to": "2h"}'} in events


def test_a_firing_that_fails_is_delivered_again_with_the_same_event(checkout: Path) -> None:
    with environment(checkout) as running:
        Timers(running.gateway, START).fire_due(START + timedelta(seconds=30))
        running.gateway.wait_idle()
        (result,) = running.gateway.async_results
        first, second = delivered(checkout)

    assert (result.status, result.attempts) == ("succeeded", 2)
    assert first == second


def test_nothing_fires_before_its_time(checkout: Path) -> None:
    with environment(checkout) as running:
        timers = Timers(running.gateway, START)
        timers.fire_due(START + timedelta(seconds=29))
        running.gateway.wait_idle()

        assert running.gateway.async_results == []
        assert timers.next_at == START + timedelta(seconds=30)


def test_what_was_missed_is_delivered_late_and_once(checkout: Path) -> None:
    with environment(checkout) as running:
        timers = Timers(running.gateway, START)
        timers.fire_due(START + timedelta(hours=1))
        timers.fire_due(START + timedelta(hours=1))
        running.gateway.wait_idle()
        events = delivered(checkout)

    assert [event["triggerTime"] for event in events if event["triggerName"] == "bare"] == [
        "2026-01-31T04:19:30Z",
        "2026-01-31T04:39:30Z",
        "2026-01-31T04:59:30Z",
    ]


def test_a_timer_that_is_not_enabled_does_not_fire(checkout: Path) -> None:
    with environment(checkout) as running:
        Timers(running.gateway, START).fire_due(START + timedelta(hours=1))
        running.gateway.wait_idle()

        assert {event["triggerName"] for event in delivered(checkout)} == {"nightly", "bare"}


def test_a_timer_without_a_payload_hands_over_an_empty_one(checkout: Path) -> None:
    with environment(checkout) as running:
        Timers(running.gateway, START + timedelta(minutes=1)).fire_due(START + timedelta(minutes=21))
        running.gateway.wait_idle()

        assert [event["payload"] for event in delivered(checkout)] == [""]


def test_a_payload_that_is_too_large_is_told_and_stops_no_other_timer(checkout: Path) -> None:
    write_template(checkout, {**CONFIGS, "NIGHTLY": {**CONFIGS["NIGHTLY"], "payload": "x" * 131_072}})
    with environment(checkout) as running:
        Timers(running.gateway, START).fire_due(START + timedelta(minutes=20))
        running.gateway.wait_idle()

        assert "refused: an asynchronous event may have 131072 bytes" in running.gateway.logs.wait_for("/nightly at")
        assert [event["triggerName"] for event in delivered(checkout)] == ["bare"]


def test_a_thread_fires_what_is_due_by_the_clock_it_is_given(tmp_path: Path) -> None:
    shown = [START]
    with fixture_gateway(tmp_path) as gateway, keep_firing(Timers(gateway, START), lambda: shown[0]):
        shown[0] = START + timedelta(seconds=30)
        gateway.logs.wait_for("[timers] ticker/hourly at 2026-01-31T04:00:00Z: request 1-")
        gateway.wait_idle()
        (result,) = gateway.async_results

    assert result.invocation
    assert json.loads(result.invocation.payload)["payload"] == '{"action": "snapshot"}'


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"cronExpression": "0 61 * * * *"}, "cronExpression: .*minutes: 61 is not within 0-59"),
        ({"cronExpression": "CRON_TZ=Nowhere 0 0 4 * * *"}, "cronExpression: .*time zone: 'Nowhere'"),
        ({"enable": True}, "cronExpression: Field required"),
        ({"cronExpression": "@every 1h", "enable": "perhaps"}, "enable: "),
        ({"cronExpression": "@every 1h", "payload": {"to": "2h"}}, "payload: "),
    ],
)
def test_a_timer_that_could_not_fire_is_refused_with_its_template(
    checkout: Path, config: dict[str, object], message: str
) -> None:
    write_template(checkout, {**CONFIGS, "IDLE": config})

    with pytest.raises(TemplateError, match=rf"resources\.recorder: triggers\.1\.timer\.triggerConfig\.{message}"):
        load_template(checkout / "template.yml", {"REWIND_REGION": "r", "REWIND_WEBHOOK_SECRETS": "s"})


def test_up_with_timers_fires_by_itself(checkout: Path) -> None:
    write_template(checkout, {**CONFIGS, "NIGHTLY": {"cronExpression": "* * * * * *", "enable": True}})
    with up(checkout, "--timers") as (process, _):
        assert process.stderr
        assert next(line for line in process.stderr if "FC Invoke End" in line)
        process.terminate()
        output, errors = process.communicate(timeout=30)

    assert {event["triggerName"] for event in delivered(checkout)} == {"nightly"}
    assert (process.returncode, output) == (0, "")
    assert "Traceback" not in errors
