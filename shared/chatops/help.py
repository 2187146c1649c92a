"""Help on text commands, as far as the one who asks may run them."""

from collections.abc import Callable

from shared.chatops.spelling import keyword
from shared.chatops.text_verb import Verb
from shared.chatops.text_verbs import BY_NAME, VERBS

_TARGET_LINE = "<target> is an alias of policy.toml, or project/logstore/group."
_NOTHING = "You may not run any command here. Ask whoever keeps policy.toml for a [[rules]] entry that names you."
_UNKNOWN = "There is no such command for you. Send help for those that there are."


def help_text(may: Callable[[str], bool], word: str | None = None) -> str:
    """Return help, a line for each fact: on all commands that somebody may run, or on one of them.

    A command that they may not run is told of like one that does not exist.

    Args:
        may: Whether they may run an action anywhere.
        word: The command that help is wanted on; None for all.
    """
    if word is not None:
        verb = BY_NAME.get(keyword(word))
        return "\n".join(_lines(verb)) if verb and _may(verb, may) else _UNKNOWN
    verbs = [verb for verb in VERBS if _may(verb, may)]
    if not verbs:
        return _NOTHING
    lines = [f"{verb.usage} - {verb.does}" for verb in verbs]
    example = verbs[0].name
    return "\n".join(["What you may send:", *lines, _TARGET_LINE, f"More on one of them: help {example}"])


def _may(verb: Verb, may: Callable[[str], bool]) -> bool:
    return any(map(may, verb.rights or (verb.action,)))


def _lines(verb: Verb) -> list[str]:
    examples = [f"Example: {example}" for example in verb.examples]
    needs_target = [_TARGET_LINE] if "<target>" in verb.arguments else []
    return [verb.usage, f"{verb.does[:1].upper()}{verb.does[1:]}.", *needs_target, *verb.notes, *examples]
