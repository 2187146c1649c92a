"""The `${…}` expressions of a Serverless Devs template."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.local.fc.errors import TemplateError

_EXPRESSION = re.compile(r"\$\{([^}]*)\}")
_ENV = re.compile(r"""env\(\s*(['"])(?P<name>[^'"]+)\1\s*(?:,\s*(['"])(?P<default>[^'"]*)\3\s*)?\)""")
_REFERENCE = re.compile(r"(?:vars|this|resources)(?:\.[A-Za-z0-9_-]+)+")


def variables_without_default(document: object) -> set[str]:
    """Return the names of the environment variables that the document cannot do without."""
    names = set()
    for text in _texts(document):
        for expression in _EXPRESSION.findall(text):
            match = _ENV.fullmatch(expression.strip())
            if match and match["default"] is None:
                names.add(match["name"])
    return names


def resolve(document: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the document with every expression replaced by its value.

    Understood are `env('X')`, `env('X', 'default')`, `vars.…`, `this.…` (the resource it stands in) and
    `resources.<name>.props.…`. A variable that is set but empty counts as set.

    Raises:
        TemplateError: Variables without default are missing (all are named), or an expression is not understood.

    Source: function-compute.md, section 8, "Serverless Devs 3.0 facts".
    """
    missing = sorted(variables_without_default(document) - environ.keys())
    if missing:
        raise TemplateError(f"template.yml needs these environment variables: {', '.join(missing)}")
    resources = {
        name: _Scope(document, name, environ).value(resource) for name, resource in document["resources"].items()
    }
    return {**document, "resources": resources}


class _Scope:
    """Values as one resource sees them."""

    def __init__(self, document: dict[str, Any], resource: str, environ: Mapping[str, str]) -> None:
        self._document = document
        self._resource = resource
        self._environ = environ

    def value(self, raw: object, trail: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 -- YAML holds anything
        if isinstance(raw, dict):
            return {key: self.value(item, trail) for key, item in raw.items()}
        if isinstance(raw, list):
            return [self.value(item, trail) for item in raw]
        return self._text(raw, trail) if isinstance(raw, str) else raw

    def _text(self, raw: str, trail: tuple[str, ...]) -> Any:  # noqa: ANN401 -- a reference keeps its type
        whole = _EXPRESSION.fullmatch(raw.strip())
        if whole:
            return self._expression(whole[1].strip(), trail)
        return _EXPRESSION.sub(lambda match: str(self._expression(match[1].strip(), trail)), raw)

    def _expression(self, expression: str, trail: tuple[str, ...]) -> Any:  # noqa: ANN401 -- as above
        if expression in trail:
            raise TemplateError(f"${{{expression}}} refers to itself")
        if match := _ENV.fullmatch(expression):
            return self._environ.get(match["name"], match["default"])
        if _REFERENCE.fullmatch(expression):
            return self.value(self._look_up(expression), (*trail, expression))
        raise TemplateError(f"${{{expression}}} is not understood by the local Function Compute")

    def _look_up(self, reference: str) -> object:
        first, *rest = reference.split(".")
        node: Any = self._document["resources"].get(self._resource) if first == "this" else self._document.get(first)
        for segment in rest:
            if not isinstance(node, dict) or segment not in node:
                raise TemplateError(f"${{{reference}}} names nothing in the template")
            node = node[segment]
        return node


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for item in node.values():
            yield from _texts(item)
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item)
