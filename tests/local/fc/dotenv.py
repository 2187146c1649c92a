"""Variables for template.yml in a file, as the deploy tool reads `.env`."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from tests.local.fc.errors import TemplateError

_PLACES = frozenset({"REWIND_REGION", "REWIND_ENDPOINT"})


def read_variables(path: Path, exported: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a file, one `NAME=value` a line, the value quoted as a shell has it or not at all.

    What is exported goes before the file, as with the deploy tool. Where SLS is stays this environment's own business,
    and a variable that is empty counts as absent.

    Args:
        path: The file.
        exported: The variables of the shell.

    Raises:
        TemplateError: A value holds a `$`, which the deploy tool replaces even within single quotes, and a shell does
            not: one value would be deployed and another one used.
    """
    variables = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        name, sign, value = line.strip().partition("=")
        if sign and not name.startswith("#"):
            if "$" in value:
                raise TemplateError(
                    f"{path.name}:{number}: {name} holds a $, which the deploy tool replaces even in quotes"
                )
            variables[name] = "".join(shlex.split(value))
    variables.update({name: value for name, value in exported.items() if name.startswith("REWIND_")})
    return {name: value for name, value in variables.items() if value and name not in _PLACES}
