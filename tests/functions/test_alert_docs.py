"""What docs/callers.md says of alerts works as it stands there: its policy is read, and its shell lines are run."""

import json
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.functions.alerting import Alerting, MakeAlerting
from tests.functions.evidence import Evidence
from tests.functions.receiver import Receiver
from tests.functions.shop import Shop, iso_utc

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/callers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT, flags=re.MULTILINE | re.DOTALL))
ALERTS = ("Alerts become proposals", "Alertmanager", "Grafana alerts", "SLS alert", "CloudMonitor", "EventBridge")


def blocks(heading: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTIONS[heading], re.DOTALL)


@pytest.fixture(scope="module")
def as_told(
    make_alerting: MakeAlerting,
    evidence: Evidence,
    receiver_of_all: Receiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Alerting, dict[str, str]]]:
    """The command function with the document's policy, and the variables that its lines need."""
    policy = tmp_path_factory.mktemp("policy") / "policy.toml"
    policy.write_text("\n".join(text for heading in ALERTS for text in blocks(heading, "toml")), encoding="utf-8")
    tokens = {name: secrets.token_urlsafe(32) for name in ("alertmanager", "sls", "oncall")}
    for token in tokens.values():
        evidence.add_secret("a token of the document", token)
    settings = {
        "REWIND_POLICY": str(policy),
        "REWIND_WEBHOOK_SECRETS": json.dumps(tokens),
        "REWIND_NOTIFY": json.dumps({"oncall": {"url": receiver_of_all.url("slack")}}),
    }
    with make_alerting(settings=settings) as made:
        variables = {f"{name.upper()}_TOKEN": token for name, token in tokens.items()}
        yield made, {**variables, "URL_TOKEN": made.url_token, "URL": f"{made.functions.url}/command"}


@pytest.mark.parametrize("heading", ["Alertmanager", "SLS alert", "CloudMonitor"])
def test_what_the_document_sends_is_proposed_and_told(
    as_told: tuple[Alerting, dict[str, str]], shop: Shop, receiver: Receiver, heading: str
) -> None:
    (lines,) = blocks(heading, "sh")
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C", "no_proxy": "127.0.0.1", **as_told[1]}

    done = subprocess.run(  # noqa: S603 -- the document's own lines, as a reader would run them
        ["/bin/sh", "-eu", "-c", lines], env=environ, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["status"], result["error"]) == ("planned", None)
    assert [one.name for one in receiver.received()] == ["slack"]
    assert shop.writes() == []


def test_the_documents_entry_for_eventbridge_proposes(as_told: tuple[Alerting, dict[str, str]], shop: Shop) -> None:
    event = {
        "specversion": "1.0",
        "id": secrets.token_hex(8),
        "source": "acs.sls",
        "type": "sls:Consumer:Lagging",
        "time": iso_utc(shop.now_unix),
        "data": {"consumerGroup": "billing"},
    }

    result = as_told[0].deliver(event)

    assert result["status"] == "planned"
    assert shop.writes() == []


def test_the_documents_yaml_is_right() -> None:
    (receivers,) = blocks("Alertmanager", "yaml")
    (trigger,) = blocks("EventBridge", "yaml")

    assert yaml.safe_load(receivers)["receivers"][0]["webhook_configs"][0]["max_alerts"] == 50
    (told,) = yaml.safe_load(trigger)
    # What the deploy component's schema asks of such a trigger.
    assert {"triggerEnable", "asyncInvocationType", "eventSourceConfig", "runOptions"} < told["triggerConfig"].keys()
    assert json.loads(told["triggerConfig"]["eventRuleFilterPattern"]) == {"source": ["acs.sls"]}
