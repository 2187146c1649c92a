"""Where each key of a TOML text stands: tomllib reads values, and forgets their lines."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.names import printable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TOKEN = re.compile(
    r'''
    (?P<string> """(?:[^\\]|\\.)*?"""(?:"{0,2}) | \'\'\'.*?\'\'\'(?:'{0,2}) | "(?:[^"\\\n]|\\.)*" | '[^'\n]*' )
    | (?P<sign> [\[\]{}=,.\n] )
    | (?P<bare> [^\s\[\]{}=,.\#"']+ )
    | \#[^\n]* | \s
    ''',
    re.VERBOSE | re.DOTALL,
)
_SYNTAX_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_END = ""


def key_lines(text: str) -> dict[str, int]:
    """Return the line, from 1, of every key and every entry of an array, by its path: `rules[0].principals[1]`.

    A table has the line of its first header or key.

    Args:
        text: Valid TOML.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


def line_of(problem: str, lines: Mapping[str, int]) -> int | None:
    """Return the line that a problem speaks of, which begins with a key's path; None where that says nothing.

    A key that is missing is looked for where its table stands.
    """
    syntax = _SYNTAX_LINE.search(problem)
    if syntax and problem.startswith("policy.toml: "):
        return int(syntax[1])
    path = problem.removeprefix("policy.toml.")
    known = [key for key in lines if path.startswith(key) and path[len(key) : len(key) + 1] in {"", ":", ".", "["}]
    return lines[max(known, key=len)] if known else None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int
    is_key: bool


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup:
            yield _Token(found[0], line, found.lastgroup in {"string", "bare"})
        line += found[0].count("\n")
    yield _Token(_END, line, is_key=False)


class _Scan:
    """Walks through a text, and notes at each key where it is."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._tokens = list(_tokens(text))
        self._at = 0
        self._entries: dict[str, int] = {}

    def document(self) -> None:
        """Note all keys."""
        table = ""
        while self._peek().text != _END:
            if self._skip("\n"):
                continue
            table = self._header() if self._peek().text == "[" else table
            if self._peek().is_key:
                self._pair(table)

    def _header(self) -> str:
        """Return the path of the table that begins, past its header."""
        self._next()
        is_entry = self._skip("[")
        *outer, last = self._key()
        path = ""
        for name, line in outer:
            path = self._within(self._note(path, name, line))
        path = self._note(path, *last)
        if is_entry:
            self._entries[path] = self._entries.get(path, -1) + 1
            path = self._within(path)
            self.lines.setdefault(path, last[1])
        while self._skip("]"):
            pass
        return path

    def _pair(self, table: str) -> None:
        path = table
        for name, line in self._key():
            path = self._note(path, name, line)
        self._skip("=")
        self._value(path)

    def _value(self, path: str) -> None:
        opened = self._next().text
        if opened == "[":
            self._entries_of(path)
        elif opened == "{":
            while self._peek().text not in {"}", _END}:
                if self._peek().is_key:
                    self._pair(path)
                else:
                    self._next()
            self._next()
        else:
            while self._peek().text not in {"\n", ",", "]", "}", _END}:
                self._next()

    def _entries_of(self, path: str) -> None:
        number = 0
        while self._peek().text not in {"]", _END}:
            if self._skip("\n") or self._skip(","):
                continue
            entry = f"{path}[{number}]"
            self.lines.setdefault(entry, self._peek().line)
            self._value(entry)
            number += 1
        self._next()

    def _key(self) -> list[tuple[str, int]]:
        """Return the names of a dotted key, each with its line."""
        names = []
        while self._peek().is_key:
            token = self._next()
            names.append((_name(token.text), token.line))
            self._skip(".")
        return names

    def _note(self, path: str, name: str, line: int) -> str:
        inner = f"{path}.{name}" if path else name
        self.lines.setdefault(inner, line)
        return inner

    def _within(self, path: str) -> str:
        """Return the path of the newest entry, where this is an array of tables."""
        return f"{path}[{self._entries[path]}]" if path in self._entries else path

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _skip(self, sign: str) -> bool:
        """Return whether the next token is this sign, past it."""
        is_next = self._peek().text == sign
        if is_next:
            self._next()
        return is_next


def _name(key: str) -> str:
    """Return a key as problems name it."""
    return printable(key if key[0] not in "\"'" else next(iter(tomllib.loads(f"{key} = 0"))))
