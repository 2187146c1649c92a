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

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PATTERNS = {"project": PROJECT, "logstore": LOGSTORE, "consumer_group": CONSUMER_GROUP}


def is_name(kind: str, text: str) -> bool:
    """Return whether a text can be the name of a "project", "logstore" or "consumer_group".

    Pages and SDKs disagree on the lengths (3 to 63 on the pages, 2 to 80 for a Logstore in the Java client); the wider
    one is taken, since SLS itself has the last word. A project's name must be a host label.

    Source: reference sls-api.md section 4 (names).
    """
    return _PATTERNS[kind].fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    return host in _LOOPBACK


def printable(text: str, *, longest: int = 200) -> str:
    """Return a text from outside as it may stand on a line of a message, a record or a log: cut, and seen whole.

    Letters of every script stay as they are. Control characters of ASCII become question marks, and other spaces plain
    ones; what else is not seen, direction marks included, is spelled out as an escape, after the cut.
    """
    shown = text[:longest].translate(_ON_ONE_LINE)
    return shown if shown.isprintable() else "".join(char if char.isprintable() else _spelled(char) for char in shown)


def in_ascii(text: str, *, longest: int = 200) -> str:
    """Return a text as `printable` does, with all that is not ASCII spelled out, and cut after that.

    For headers, and wherever else no other letter may stand.
    """
    return _spelled(text[:longest]).translate(_ON_ONE_LINE)[:longest]


def _spelled(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


_SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_ON_ONE_LINE = {**dict.fromkeys((*range(32), 127), "?"), **dict.fromkeys(_SPACES, " ")}
