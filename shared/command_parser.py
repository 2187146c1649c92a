"""From bytes to a command, or to everything that is wrong with it at once."""

from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.action_names import ACTIONS
from shared.commands import Given
from shared.errors import InvalidCommandError
from shared.names import printable
from shared.operation_commands import MODELS, AnyCommand, Batch, Doctor
from shared.strict_json import parse_strict_json

MAX_COMMAND_BYTES = 64 * 1024
ALIASES = {"consumerGroup": "consumer_group", "forceSuccess": "force_success"}
_SLS_CODES = frozenset({"InvalidShardCheckPoint"})
_SAID = {
    "extra_forbidden": "unknown field",
    "missing": "missing",
    "tuple_type": "must be a list",
    "string_pattern_mismatch": "has characters that cannot stand there",
}


def parse_command(body: bytes) -> AnyCommand:
    """Return the command that a body of JSON holds.

    Raises:
        InvalidCommandError: It holds none, or a wrong one; lists every problem by field name, without values.
    """
    return parse_command_table(*parse_strict_json(body))


def parse_command_table(given: Given, problems: Sequence[str] = ()) -> AnyCommand:
    """Return the command that a decoded JSON object holds.

    Args:
        given: The object.
        problems: What was wrong with its keys already.

    Raises:
        InvalidCommandError: It holds none, or a wrong one; lists every problem by field name, without values.
    """
    command, found = _read(given, path="")
    problems = list(problems)
    problems += found.sentences
    if problems or command is None:
        error = InvalidCommandError(
            problems,
            sls_error_code=found.sls_error_code if len(problems) == 1 else None,
            hint="Mend every field named here and send the command again; nothing was done.",
        )
        action = given.get("action")
        error.action = action if isinstance(action, str) and action in MODELS else error.action
        raise error
    return command


class _Problems:
    """What is wrong with one command, as sentences that begin with a field's path."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.sentences: list[str] = []
        self.sls_error_code: str | None = None

    def add(self, sentence: str) -> None:
        self.sentences.append(self.path + sentence)

    def add_detail(self, detail: ErrorDetails) -> None:
        # What is wrong with a key of `checkpoints` is told of `checkpoints`: such a key is a value of the caller's.
        steps = detail["loc"][:-2] if detail["loc"][-1] == "[key]" else detail["loc"]
        field = ".".join(printable(str(step)) for step in steps)
        said = _SAID.get(detail["type"]) or detail["msg"].replace("Input should be", "must be")
        self.add(f"{field}: {said[:1].lower() + said[1:]}")
        if detail["type"] in _SLS_CODES:
            self.sls_error_code = detail["type"]


def _read(raw: Mapping[str, object], *, path: str) -> tuple[AnyCommand | None, _Problems]:
    problems = _Problems(path)
    given = _with_plain_names(raw, problems)
    action = given.get("action")
    model = MODELS.get(action) if isinstance(action, str) else None
    if model is None:
        problems.add(f"action: {'missing' if action is None else 'unknown'}; one of {', '.join(ACTIONS)}")
        return None, problems
    if model in (Batch, Doctor) and path:
        problems.add(f"action: a batch cannot hold a {action}")
        return None, problems
    for rule in model.broken_rules(given):
        problems.add(rule)
    if model is Batch:
        given = _with_parts_read(given, problems)
    try:
        command = model.model_validate(given)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False, include_context=False):
            problems.add_detail(detail)
        return None, problems
    return cast("AnyCommand", command), problems


def _with_plain_names(raw: Given, problems: _Problems) -> dict[str, object]:
    given: dict[str, object] = {}
    for key, value in raw.items():
        name = ALIASES.get(key, key)
        if name in given:
            problems.add(f"{name}: given more than once, under two spellings")
        given[name] = value
    return given


def _with_parts_read(given: dict[str, object], problems: _Problems) -> dict[str, object]:
    parts = given.get("commands")
    if not isinstance(parts, list):
        return given
    commands: list[AnyCommand] = []
    for number, part in enumerate(parts):
        path = f"commands[{number}]."
        command, found = _read(part, path=path) if isinstance(part, dict) else (None, _no_object(path))
        problems.sentences += found.sentences
        problems.sls_error_code = problems.sls_error_code or found.sls_error_code
        commands += [command] if command is not None else []
    return {**given, "commands": tuple(commands)}


def _no_object(path: str) -> _Problems:
    problems = _Problems(path.removesuffix("."))
    problems.add(": must be a JSON object")
    return problems
