"""Where chat platforms are: the hosts that are posted to, and no others."""

import re
from collections.abc import Mapping

from shared.chatops.messages import PlatformName

HOSTS: Mapping[str, PlatformName] = {
    "hooks.slack.com": "slack",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
    "oapi.dingtalk.com": "dingtalk",
    "api.dingtalk.com": "dingtalk",
}
_URL = re.compile(r"https://([a-z.]{1,64})(/[A-Za-z0-9._~:/?\[\]!$&'()*+,;=%-]{0,2000})")
_SESSION_PATH = re.compile(r"/robot/sendBySession\?.+")


def host_and_path(url: str) -> tuple[str, str] | None:
    """Return a platform's host, and the path and query on it; None for a URL that nothing may be posted to.

    A user, a port, a fragment, a backslash, or anything beyond ASCII in a URL reads differently to different readers:
    none is allowed. DingTalk's URLs come in bodies that it need not prove, so their path must be that of a session's
    answer too: with another, what we answer would go to a robot of the sender's choice.

    Source: reference chat-and-webhooks.md sections 1.3, 2.3 and 3.4.
    """
    parts = _URL.fullmatch(url)
    if parts is None or parts[1] not in HOSTS:
        return None
    if HOSTS[parts[1]] == "dingtalk" and not _SESSION_PATH.fullmatch(parts[2]):
        return None
    return parts[1], parts[2]


def is_of(platform: PlatformName, url: str) -> bool:
    """Return whether a URL is one of this platform that may be posted to."""
    found = host_and_path(url)
    return found is not None and HOSTS[found[0]] == platform
