"""A night in each chat: functions that have just been deployed, people on all three platforms, and who signs for them.

What they send is signed by Slack's own library, and for Feishu and DingTalk encrypted by another library than ours.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from tests.functions.caller import Answer
from tests.functions.chat_platforms import FEISHU_TOKEN, ChatPlatforms, Post
from tests.functions.chat_senders import DingTalkGroup, FeishuGroup, buttons_of
from tests.functions.chats import SlackChannel, new_chat_settings
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions

PLATFORMS = ("slack", "feishu", "dingtalk")
MADE_ELSEWHERE = "not made here, or not for this conversation"


class Person(Protocol):
    """Somebody who may do everything, on one platform.

    Attributes:
        on_it: What the platform's answer to a text, and to a press, says at once; "" where it shows nothing.
    """

    on_it: tuple[str, str]

    def types(self, text: str) -> Answer: ...
    def presses(self, post: Post, action: str) -> Answer: ...


@dataclass
class SlackPerson:
    channel: SlackChannel
    on_it: tuple[str, str] = ("On it.", "")

    def types(self, text: str) -> Answer:
        return self.channel.send(self.channel.command(text))

    def presses(self, post: Post, action: str) -> Answer:
        return self.channel.send(self.channel.press(post, action))


@dataclass
class FeishuPerson:
    group: FeishuGroup
    on_it: tuple[str, str] = ("", "On it.")

    def types(self, text: str) -> Answer:
        return self.group.send(self.group.message(text, f"om_{secrets.token_hex(12)}"))

    def presses(self, post: Post, action: str) -> Answer:
        return self.group.click(post, action)[0]


@dataclass
class DingTalkPerson:
    group: DingTalkGroup
    on_it: tuple[str, str] = ("On it.", "On it.")

    def types(self, text: str) -> Answer:
        return self.group.send(self.group.message(text, secrets.token_hex(16)))

    def presses(self, post: Post, action: str) -> Answer:
        """Send the text that the message gives for it: DingTalk's buttons are none."""
        found = re.search(rf"send ({action} [a-z0-9/ ]+) or press", post.text)
        assert found
        return self.types(found[1])


@dataclass
class ChatWorld:
    """The functions, and everybody around them.

    Attributes:
        slack: A channel; its `functions`, `settings` and `logs` are those of the world.
        people: Somebody on each platform, by its name.
    """

    platforms: ChatPlatforms
    slack: SlackChannel
    feishu: FeishuGroup
    dingtalk: DingTalkGroup
    people: dict[str, Person]

    def shows(self, do: Callable[[], object], text: str) -> Post:
        """Return the first message with a text that comes once something is done."""
        before = len(self.platforms.posts())
        do()
        return self.waits(text, before)

    def waits(self, text: str, before: int = 0) -> Post:
        """Return the first message with a text behind the first so many."""
        self.platforms.wait_until(lambda post: text in post.text, 1 + self._count(text, before))
        return next(post for post in self.platforms.posts()[before:] if text in post.text)

    def _count(self, text: str, before: int) -> int:
        return sum(text in post.text for post in self.platforms.posts()[:before])


@contextmanager
def chat_world(make_functions: MakeFunctions, evidence: Evidence, **settings: str) -> Iterator[ChatWorld]:
    """Deploy the functions afresh, so that no instance is warm, with all chat platforms on."""
    with ChatPlatforms() as platforms:
        given = {**new_chat_settings(platforms.url), **settings}
        for name, value in given.items():
            if name.endswith(("_KEY", "_SECRET", "_TOKEN")):
                evidence.add_secret(f"the value of {name}", value)
        evidence.add_secret("Feishu's access token", FEISHU_TOKEN)
        with make_functions(settings=given) as functions:
            slack = SlackChannel(functions, platforms, given, evidence)
            feishu, dingtalk = FeishuGroup(slack), DingTalkGroup(slack)
            people = (SlackPerson(slack), FeishuPerson(feishu), DingTalkPerson(dingtalk))
            yield ChatWorld(platforms, slack, feishu, dingtalk, dict(zip(PLATFORMS, people, strict=True)))


def told_at_once(answer: Answer) -> str:
    """Return what a platform's answer shows; "" for nothing."""
    if not answer.body:
        return ""
    body = answer.json
    return str(body.get("text") if isinstance(body.get("text"), str) else "") or str(
        body.get("toast", body.get("text", {})).get("content", "")
    )


def buttons(post: Post) -> set[str]:
    """Return which buttons a message of Slack or Feishu has, or which texts one of DingTalk gives."""
    if "blocks" in post.body:
        return set(post.buttons)
    if "markdown" in post.body:
        return set(re.findall(r"send ([a-z]+) \S+(?: \S+)? or press", json.dumps(post.body)))
    return set(buttons_of(post))
