"""From a handler string to the function it names, as the runtimes do it."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.local.fc.runtime.messages import Profile

Handler = Callable[..., Any]


class LoadError(Exception):
    """Raised when a handler cannot be loaded; its cause is the error underneath.

    Attributes:
        error_type: The `errorType` the runtime reports.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def load_handler(handler: str, profile: Profile) -> Handler:
    """Return the callable that `handler` names: split at the last dot into module and function.

    A slash in the module part means a folder. Up to python3.10 the module is then loaded by file, under a name with
    slashes in it, so relative and sibling imports fail; python3.12 turns the slashes into dots and imports it.

    Raises:
        LoadError: The string, the module or the function is not as it must be.

    Source: function-compute.md, sections 1.2 and 1.3.
    """
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as error:
        raise LoadError("InvalidHandleName", f"Invalid handler '{handler}'") from error
    module = _load_module(module_name, profile)
    try:
        function: Handler = getattr(module, function_name)
    except AttributeError as error:
        message = f"Handler '{function_name}' is missing on module '{module_name}'"
        raise LoadError("HandlerNotFound", message) from error
    return function


def _load_module(name: str, profile: Profile) -> ModuleType:
    try:
        if profile == "python3.12":
            return importlib.import_module(name.replace("/", "."))
        return _import_regular_package(name) if "." in name else _load_by_file(name)
    except ImportError as error:
        raise LoadError("ImportModuleError", f"Unable to import module '{name}'") from error
    except SyntaxError as error:
        raise LoadError("UserCodeSyntaxError", f"Syntax error in module '{name}'") from error
    except Exception as error:
        raise LoadError("UserCodeError", f"Module initialization error: '{error}'") from error


def _load_by_file(name: str) -> ModuleType:
    path = next((path for entry in sys.path if (path := Path(entry, f"{name}.py")).is_file()), None)
    spec = importlib.util.spec_from_file_location(name, path) if path else None
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _import_regular_package(name: str) -> ModuleType:
    """Import a dotted name as the segment lookup did, which does not see folders without `__init__.py`."""
    first, *parents = name.split(".")[:-1]
    folder = Path(sys.path[0], first)
    for segment, path in [(first, folder), *((parent, folder := folder / parent) for parent in parents)]:
        if not (path / "__init__.py").is_file():
            raise ModuleNotFoundError(f"No module named '{segment}'", name=segment)
    return importlib.import_module(name)
