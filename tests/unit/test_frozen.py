from dataclasses import asdict, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.frozen import as_plain, frozen


@frozen
class Key:
    name: str
    secret: str = field(default="", repr=False)
    seen: int = field(default=0, compare=False)


@frozen(kw_only=True)
class Pair:
    first: Key
    second: Key


@frozen
class Named:
    name: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return "mine"


@frozen
class Holding:
    value: object


@frozen
class Nothing:
    pass


def test_instances_are_equal_by_their_fields_and_hash_alike() -> None:
    assert Key("a", "b", 1) == Key("a", "b", 2)
    assert len({Key("a", "b", 1), Key("a", "b", 2), Key("a", "c")}) == 2
    assert Nothing() == Nothing()


def test_instances_of_other_classes_are_not_equal() -> None:
    others: list[object] = [Named("a"), "a", None]

    assert Key("a") not in others


def test_a_repr_keeps_to_itself_what_a_field_does_not_show() -> None:
    assert repr(Key("a", "hidden")) == "Key(name='a', seen=0)"


def test_methods_of_a_class_stay_its_own() -> None:
    assert (repr(Named("a")), str(Named("a"))) == ("mine", "a")


def test_fields_can_be_for_names_alone() -> None:
    pair = Pair(first=Key("a"), second=Key("b"))

    assert replace(pair, first=Key("c")).first.name == "c"
    with pytest.raises(TypeError):
        Pair(Key("a"), Key("b"))  # type: ignore[call-arg]  # the point


def test_nothing_can_be_added_to_an_instance() -> None:
    with pytest.raises(AttributeError):
        Key("a").other = 1  # type: ignore[attr-defined]  # the point


def test_instances_are_dataclasses_to_all_who_read_those() -> None:
    told = {"first": {"name": "a", "secret": "s", "seen": 1}, "second": {"name": "b", "secret": "", "seen": 0}}

    pair = TypeAdapter(Pair).validate_python(told)

    assert (pair, asdict(pair)) == (Pair(first=Key("a", "s"), second=Key("b")), told)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.builds(Key, st.text(max_size=3)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_a_plain_value_is_what_asdict_makes_of_it(value: object) -> None:
    holder = Holding(value)

    plain = as_plain(holder)

    assert plain == asdict(holder)
    assert repr(plain) == repr(asdict(holder))
