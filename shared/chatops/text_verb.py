"""What is known of one text command."""

from collections.abc import Mapping
from dataclasses import field

from shared.chatops import text_arguments as args
from shared.chatops.text_arguments import Reader
from shared.frozen import frozen


@frozen
class Verb:
    """One text command.

    Attributes:
        name: The word that it begins with.
        action: The action that it asks for; "cancel" is none of policy's, and only a chat knows it.
        arguments: How its arguments are written.
        does: What it does, one line.
        examples: The first is shown with every mistake.
        subject: Reads what stands first.
        operand: Reads the one argument without a word before it, if there is one.
        needs: What to say of the field that must not be left out, where that is not the subject.
        options: Readers by the words that they follow.
        fixed: What every such command has.
        notes: Lines for its help.
        rights: Any of these actions lets somebody use it; of most, that is its own.
    """

    name: str
    action: str
    arguments: str
    does: str
    examples: tuple[str, ...]
    subject: Reader = args.read_group
    operand: Reader | None = None
    needs: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Reader] = field(default_factory=dict)
    fixed: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How it is written."""
        return f"{self.name} {self.arguments}".rstrip()
