"""Values that cost next to nothing to define: a cold start defines every one that it imports."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, TypeVar, overload

from typing_extensions import dataclass_transform

T = TypeVar("T")


@overload
def frozen(cls: type[T]) -> type[T]: ...
@overload
def frozen(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T] | None = None, *, kw_only: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Return a class as a dataclass with slots, whose instances are equal by their fields, hashable, never changed.

    `dataclass(frozen=True, slots=True)` says the same, but gives each class six methods of its own, every one compiled
    from a text whenever the module is imported: four times the cost of what is done here, where `__init__` alone is
    made and the others are shared. That nobody changes an instance is held by the type checker, not at run time.
    """

    def made(plain: type[T]) -> type[T]:
        slotted = dataclass(eq=False, repr=False, slots=True, kw_only=kw_only)(plain)
        for name in _SHARED - vars(plain).keys():
            setattr(slotted, name, getattr(_Methods, name))
        return slotted

    return made if cls is None else made(cls)


def as_plain(value: Any) -> Any:  # noqa: ANN401 -- whatever a dataclass can hold
    """Return a value with every dataclass in it as a dictionary of its fields.

    `dataclasses.asdict` says the same, but copies every text and number by itself: four times the cost.
    """
    if value.__class__ in _ATOMS:
        return value
    names = _names(value.__class__)
    if names is not None:
        return {name: as_plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: as_plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_plain(inner) for inner in value]
    return tuple(map(as_plain, value)) if isinstance(value, tuple) else value


_ATOMS = frozenset({str, int, bool, float, type(None)})


@cache
def _names(cls: type) -> tuple[str, ...] | None:
    return tuple(one.name for one in fields(cls)) if hasattr(cls, "__dataclass_fields__") else None


class _Methods:
    """What all share."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _compared(self))

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _compared(self)))

    def __repr__(self) -> str:
        shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{self.__class__.__qualname__}({shown})"


_SHARED = {"__eq__", "__hash__", "__repr__"}


def _compared(instance: _Methods) -> Iterator[str]:
    return (f.name for f in fields(instance) if f.compare)
