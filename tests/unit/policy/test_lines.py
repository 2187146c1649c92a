import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.lines import key_lines, line_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EVERYTHING = '''\
# a comment = "no key"
zone = "Asia/Shanghai"   # [not.a.table]

[targets.orders]
project = "shop" # = [
"logstore" = 'or#ders'

[targets."a.b"]
project = "x"
[limits]
max_rewind = "7d"
when = 2026-11-20 01:30:00.5+08:00
ratio = 1.5

[[rules]]
principals = [
    "webhook:ci",   # first
    # nobody
    "slack:T1/U1",
]
targets = ["a/b/c", "d/[e]/f"]
[[rules]]
note = """
principals = ["not a key"]
[[rules]]
"""
other = \'\'\'
x = 1\'\'\'
confirm = "same"
  [rules.nested]
  deep.er = { a = 1, b.c = [1, { d = 2 }] }
[[rules.inner]]
one = 1
[[rules.inner]]
two = [[1, 2],
       [3]]
'''
LINES = {
    "zone": 2,
    "targets": 4,
    "targets.orders": 4,
    "targets.orders.project": 5,
    "targets.orders.logstore": 6,
    "targets.a.b": 8,
    "targets.a.b.project": 9,
    "limits": 10,
    "limits.max_rewind": 11,
    "limits.when": 12,
    "limits.ratio": 13,
    "rules": 15,
    "rules[0]": 15,
    "rules[0].principals": 16,
    "rules[0].principals[0]": 17,
    "rules[0].principals[1]": 19,
    "rules[0].targets": 21,
    "rules[0].targets[0]": 21,
    "rules[0].targets[1]": 21,
    "rules[1]": 22,
    "rules[1].note": 23,
    "rules[1].other": 27,
    "rules[1].confirm": 29,
    "rules[1].nested": 30,
    "rules[1].nested.deep": 31,
    "rules[1].nested.deep.er": 31,
    "rules[1].nested.deep.er.a": 31,
    "rules[1].nested.deep.er.b": 31,
    "rules[1].nested.deep.er.b.c": 31,
    "rules[1].nested.deep.er.b.c[0]": 31,
    "rules[1].nested.deep.er.b.c[1]": 31,
    "rules[1].nested.deep.er.b.c[1].d": 31,
    "rules[1].inner": 32,
    "rules[1].inner[0]": 32,
    "rules[1].inner[0].one": 33,
    "rules[1].inner[1]": 34,
    "rules[1].inner[1].two": 35,
    "rules[1].inner[1].two[0]": 35,
    "rules[1].inner[1].two[0][0]": 35,
    "rules[1].inner[1].two[0][1]": 35,
    "rules[1].inner[1].two[1]": 36,
    "rules[1].inner[1].two[1][0]": 36,
}


def test_every_key_of_every_kind_of_table_has_its_line() -> None:
    tomllib.loads(EVERYTHING)

    assert key_lines(EVERYTHING) == LINES


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", {}),
        ("# only a comment", {}),
        ("a = 1", {"a": 1}),
        ("\r\n\r\na = 1\r\nb = 2\r\n", {"a": 3, "b": 4}),
        ('a = "quo\\"te = 1"\nb = 2', {"a": 1, "b": 2}),
        ('a = """x""""\nb = 2', {"a": 1, "b": 2}),
        ('a = """\n\\"""\nc = 1"""\nb = 2', {"a": 1, "b": 4}),
        ("a = '''\n'a' = \\'''\nb = 2", {"a": 1, "b": 3}),
        ('"\\u0062" = 1\n"" = 2', {"b": 1, "": 2}),
        ("a.b.c = 1\na.b.d = 2", {"a": 1, "a.b": 1, "a.b.c": 1, "a.b.d": 2}),
        ("a . b = 1", {"a": 1, "a.b": 1}),
        ("[ a . b ]\nc = 1", {"a": 1, "a.b": 1, "a.b.c": 2}),
        ("a = {}\nb = []\nc = -1.5e3", {"a": 1, "b": 2, "c": 3}),
        ("a = [\n]\nb = [ # one\n 1 # two\n , 2]", {"a": 1, "b": 3, "b[0]": 4, "b[1]": 5}),
        ("1.5 = 2\n1979-05-27 = 3", {"1": 1, "1.5": 1, "1979-05-27": 2}),
    ],
    ids=repr,
)
def test_a_key_is_found_however_it_is_written(text: str, lines: Mapping[str, int]) -> None:
    tomllib.loads(text)

    assert key_lines(text) == lines


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        ("policy.toml.zone: unknown key", 2),
        ("targets.orders.consumer_group: missing or not a valid name", 4),
        ("targets.a.b.project: not a valid name", 9),
        ("rules[0].principals[1]: not a valid entry", 19),
        ("rules[1].approvers: missing", 22),
        ("rules[1].principals: must be a list", 22),
        ("rules[12].principals: must be a list", 15),
        ("policy.toml: not valid TOML: Invalid value (at line 7, column 3)", 7),
        ("policy.toml: not valid TOML: Unclosed array (at end of document)", None),
        ("nothing of the kind", None),
    ],
)
def test_a_problem_is_placed_by_the_path_that_it_begins_with(problem: str, line: int | None) -> None:
    assert line_of(problem, LINES) == line


NAMES = st.text("ab.-é\n\"'# ", min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.text("a[]{}=,.#'\"\\\n", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:  # noqa: ANN401 -- any value that TOML has
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(written, value)) + "\n]"
    return json.dumps(value)


@given(st.lists(VALUES, max_size=5))
def test_whatever_a_value_holds_the_next_key_is_found(values: list[Any]) -> None:
    texts = [f"key{number} = {written(value)}" for number, value in enumerate(values)]
    text = "\n".join(texts)

    assert tomllib.loads(text).keys() == {f"key{number}" for number in range(len(values))}
    for number in range(len(values)):
        assert key_lines(text)[f"key{number}"] == 1 + sum(t.count("\n") + 1 for t in texts[:number])


@given(st.text("a='\"[]{}.,#\n\\ ", max_size=40))
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    key_lines(text)
