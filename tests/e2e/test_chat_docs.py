"""docs/chatops.md shows what people see, as cards are, and what it tells to set or to run is there."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from shared.chat_settings import read_chat
from shared.chatops.asking import Words, read_asked
from shared.chatops.cards import error_card
from shared.chatops.messages import Card
from shared.errors import PolicyDeniedError
from shared.execution.run import refusal
from shared.policy.file import read_policy
from shared.policy.rules import Policy, denied
from shared.positions import iso_utc
from shared.results import Error, Notice, Position, ShardResult, Sight
from tests.local.__main__ import main
from tests.local.environment import CHECKOUT
from tests.unit.chatops.plain import plain_lines
from tests.unit.chatops.shown import (
    ABANDON,
    BILLING,
    NOT_YET,
    NOW_UNIX,
    RESUME,
    applied,
    card,
    later_card,
    planned,
    shard,
    verdict,
    verified,
)

DOCUMENT = (CHECKOUT / "docs/chatops.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```text\n(.*?)\n```", DOCUMENT, flags=re.DOTALL)
LINES = [shlex.split(line) for line in DOCUMENT.splitlines() if line.startswith(".venv/bin/python -m tests.local chat")]
BY_RECEIPT = Notice("receive_time", "a time means when SLS received the data")
CUT_OFF = Error(
    "partially_applied",
    "2 of 4 shards were written; not written: 2, 3. SLS is failing",
    "`next` holds the commands for what is left",
    retryable=True,
)


def plan(**seen: object) -> Card:
    told = {"goal_unix": int(NOW_UNIX) - 7800, "consumers": "free", **seen}
    return card(planned(sight=Sight(**told), warnings=(BY_RECEIPT,)))  # type: ignore[arg-type]  # typed by Sight


def in_part() -> Card:
    left = (shard(2, "not_attempted"), ShardResult(3, "failed", Position("MTAw")))
    return card(
        applied(shard(0, "moved"), shard(1, "moved"), *left, status="partial", error=CUT_OFF, next=(RESUME, ABANDON))
    )


def misspelt() -> Card:
    words = read_asked("rewnid orders 2h", "slack:T024BE7LD/U061F7AUR", Policy(aliases={"orders": BILLING}))
    assert isinstance(words, Words)
    return error_card(*words.lines)


CARDS = {
    "a plan": plan(),
    "applied": card(applied()),
    "it has held": later_card(verified(*(verdict(number, "held") for number in range(4)))),
    "done before": card(
        applied(status="duplicate", recorded_by="slack:T024BE7LD/U0LIN", recorded_at=iso_utc(NOW_UNIX - 20), next=())
    ),
    "consumers are active": plan(consumers="active", free_at=iso_utc(NOW_UNIX + 23), holders=("consumer-1",)),
    "held": card(applied(warnings=(NOT_YET,))),
    "in part": in_part(),
    "overwritten": later_card(verified(verdict(0, "overwritten", consumer="consumer-1"), verdict(1, "held"))),
    "not allowed": card(refusal("rewind", denied())),
    "misspelt": misspelt(),
}


@pytest.mark.parametrize("name", CARDS)
def test_the_document_shows_the_card_as_it_is(name: str) -> None:
    assert "\n".join(plain_lines(CARDS[name])) == SHOWN[list(CARDS).index(name)]


def test_the_document_shows_nothing_else() -> None:
    assert len(SHOWN) == len(CARDS)


def test_the_documents_settings_switch_the_platforms_on() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    named = dict(re.findall(r"(REWIND_[A-Z_]+)=(\S+)", "".join(blocks)))
    keys = {"REWIND_WORKER_KEY": "A" * 43 + "=", "REWIND_DINGTALK_AES_KEY": "A" * 43}
    given = {name: keys.get(name) or value.replace("…", "x" * 32) for name, value in named.items()}
    problems: list[str] = []

    chat = read_chat(given, problems)

    template = yaml.safe_load((CHECKOUT / "template.yml").read_text(encoding="utf-8"))
    variables = template["resources"]["chatops"]["props"]["environmentVariables"]
    assert problems == []
    assert None not in {chat.slack, chat.feishu, chat.dingtalk, chat.worker}
    assert named.keys() <= variables.keys()


def test_the_documents_policy_names_people_of_every_platform(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")

    policy = read_policy(str(path))

    for principal in ("slack:T024BE7LD/U061F7AUR", "feishu:2ca1d211f64f6438/ou_5ad573a6", "dingtalk:ding9f50b15b/wei"):
        assert policy.grant(principal, "rewind", BILLING).confirm == "same"
    with pytest.raises(PolicyDeniedError):
        policy.grant("slack:T024BE7LD/U0ELSE", "rewind", BILLING)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[4])
def test_the_documents_lines_can_be_run(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", line[2:])

    status = main()

    assert (status, capsys.readouterr().err) == (0, "")
    assert len(LINES) == 3
