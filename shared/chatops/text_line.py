"""A typed line that is being read, word by word."""

from collections.abc import Collection

from shared.chatops.spelling import Word, keyword, tidy, words_of

_MENTION = ("@", "<@", "<!")


class Line:
    """The words of a line that are still to be read, and what is known of the place where it was typed.

    Attributes:
        aliases: Aliases of policy.toml.
        default_zone: Whether policy.toml sets a default zone.
    """

    def __init__(self, text: str, *, aliases: Collection[str] = (), default_zone: bool = False) -> None:
        self.aliases = aliases
        self.default_zone = default_zone
        self._typed = tidy(text).split()
        self._words = _without_mentions(words_of(text))
        self._next = 0

    def peek(self, ahead: int = 0) -> str:
        """Return a word that comes next, or one after it; empty where the line has ended."""
        word = self._word(ahead)
        return word.plain if word else ""

    def peek_raw(self) -> str:
        """Return the next word with the comma that makes a list; empty where the line has ended."""
        word = self._word(0)
        return word.raw if word else ""

    def take(self) -> str:
        """Return the next word and go on to the one after it; empty where the line has ended."""
        word = self.peek()
        self._next += 1
        return word

    def rename(self, plain: str) -> None:
        """Let the next word be another one."""
        word = self._word(0)
        if word:
            self._words[self._next] = word._replace(plain=plain, raw=plain)

    def take_rest(self) -> str:
        """Return all that is left as it was typed, and end the line; unprintable signs are left out."""
        word = self._word(0)
        rest = " ".join(self._typed[word.place :]) if word else ""
        self._next = len(self._words)
        return " ".join("".join(sign for sign in rest if sign.isprintable()).split())

    @property
    def place(self) -> int:
        """Which word of what was typed comes next, from 1."""
        word = self._word(0)
        return word.place + 1 if word else len(self._typed) + 1

    def _word(self, ahead: int) -> Word | None:
        at = self._next + ahead
        return self._words[at] if at < len(self._words) else None


def _without_mentions(words: list[Word]) -> list[Word]:
    """Leave out mentions at the beginning, and at the end unless that is a reason."""
    begin, end = 0, len(words)
    while begin < end and words[begin].plain.startswith(_MENTION):
        begin += 1
    if not any(keyword(word.plain) in {"because", "reason"} for word in words):
        while begin < end and words[end - 1].plain.startswith(_MENTION):
            end -= 1
    return words[begin:end]
