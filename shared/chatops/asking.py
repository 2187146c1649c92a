"""From what somebody typed to a command, or to the words that answer it without one."""

from shared.chatops.help import help_text
from shared.chatops.text_commands import HelpAsked, TextError, read_text
from shared.errors import PolicyDeniedError
from shared.frozen import frozen
from shared.policy.rules import Policy


@frozen
class Words:
    """What answers a text that asks for nothing to be done.

    Attributes:
        lines: Help, or what is wrong with the text.
        is_mistake: Whether it is the latter.
    """

    lines: tuple[str, ...]
    is_mistake: bool = False


def read_asked(text: str, principal: str, policy: Policy) -> dict[str, object] | Words:
    """Return the command table that a text spells, or the words that answer it.

    Args:
        text: As typed, without the mention.
        principal: Who typed it: help shows only what this person may do.
        policy: Says what that is, and which short names there are.
    """

    def may(action: str) -> bool:
        try:
            policy.grant(principal, action, None)
        except PolicyDeniedError:
            return False
        return True

    try:
        asked = read_text(text, aliases=policy.aliases, default_zone=policy.default_time_zone is not None)
    except TextError as error:
        return Words((error.message, *([error.hint] if error.hint else [])), is_mistake=True)
    if isinstance(asked, HelpAsked):
        return Words(tuple(help_text(may, asked.word).splitlines()))
    return asked.command
