"""What names may look like before they enter a host or a path."""

import re

PROJECT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LOGSTORE = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,78}[a-z0-9])?")
CONSUMER_GROUP = re.compile(r"[0-9a-zA-Z_-]{1,128}")

RULES = {
    "project": "1 to 63 lower-case letters, digits and hyphens, a letter or digit at both ends",
    "logstore": "1 to 80 lower-case letters, digits, hyphens and underscores, a letter or digit at both ends",
    "consumer_group": "1 to 128 letters, digits, hyphens and underscores",
}

_PATTERNS = {"project": PROJECT, "logstore": LOGSTORE, "consumer_group": CONSUMER_GROUP}


def is_name(kind: str, text: str) -> bool:
    """Return whether a text can be the name of a "project", "logstore" or "consumer_group".

    Pages and SDKs disagree on the lengths (3 to 63 on the pages, 2 to 80 for a Logstore in the Java client); the wider
    one is taken, since SLS itself has the last word. A project's name must be a host label.

    Source: reference sls-api.md section 4 (names).
    """
    return _PATTERNS[kind].fullmatch(text) is not None


def printable(text: str, *, longest: int = 200) -> str:
    """Return a text from outside as it may stand in messages and logs: ASCII without control characters, cut.

    What is not ASCII, direction marks included, is spelled out as an escape.
    """
    return text[:longest].encode("ascii", "backslashreplace").decode().translate(_CONTROL)[:longest]


_CONTROL = dict.fromkeys((*range(32), 127), "?")
