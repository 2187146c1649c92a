"""Globs of policy.toml against each other: whether one surely takes all that another does, whether both can match."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

_SIGNS = frozenset("*?[")


def is_glob(pattern: str) -> bool:
    """Return whether a pattern stands for more than itself."""
    return not _SIGNS.isdisjoint(pattern)


def covers(wide: str, narrow: str) -> bool:
    """Return whether every text of one pattern is one of another too; False where that is not sure."""
    return wide in {"*", narrow} or (not is_glob(narrow) and fnmatchcase(narrow, wide))


def covers_principal(wide: str, narrow: str) -> bool:
    """Return whether every principal of one pattern is one of another too; False where that is not sure."""
    (channel, identity), (narrow_channel, narrow_identity) = _parts(wide), _parts(narrow)
    if channel != narrow_channel:
        return False
    # channel:* stands for identities of any length, and only itself is as wide.
    return identity == ["*"] or (narrow_identity != ["*"] and _all_cover(identity, narrow_identity))


def covers_target(wide: str, narrow: str) -> bool:
    """Return whether every target of one pattern is one of another too; False where that is not sure."""
    return _all_cover(wide.split("/"), narrow.split("/"))


def principals_meet(one: str, other: str) -> bool:
    """Return whether a principal can match both patterns; True where that is not sure."""
    (channel, identity), (other_channel, other_identity) = _parts(one), _parts(other)
    if channel != other_channel:
        return False
    return ["*"] in (identity, other_identity) or _all_meet(identity, other_identity)


def targets_meet(one: str, other: str) -> bool:
    """Return whether a target can match both patterns; True where that is not sure."""
    return _all_meet(one.split("/"), other.split("/"))


def _parts(pattern: str) -> tuple[str, list[str]]:
    channel, _, identity = pattern.partition(":")
    return channel, identity.split("/")


def _all_cover(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    return len(wide) == len(narrow) and all(map(covers, wide, narrow))


def _all_meet(one: Sequence[str], other: Sequence[str]) -> bool:
    return len(one) == len(other) and all(map(_meet, one, other))


def _meet(one: str, other: str) -> bool:
    if is_glob(one) and is_glob(other):
        return True
    return fnmatchcase(other, one) if is_glob(one) else fnmatchcase(one, other)
