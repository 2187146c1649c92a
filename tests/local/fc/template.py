"""template.yml as typed values: which functions there are, how they run and what triggers them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from tests.local.fc.cron import parse_schedule
from tests.local.fc.errors import TemplateError, UnknownFunctionError, UnknownTriggerError
from tests.local.fc.expressions import resolve, variables_without_default
from tests.local.fc.runtime.messages import Profile

_ENVIRONMENT_LIMIT_BYTES = 4096


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, populate_by_name=True, hide_input_in_errors=True, extra="ignore"
    )


class HttpTriggerConfig(_Model):
    """Which requests an HTTP trigger lets through."""

    auth_type: Literal["anonymous", "function", "jwt"]
    methods: tuple[Literal["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"], ...]


class HttpTrigger(_Model):
    """An HTTP trigger."""

    trigger_name: str
    trigger_type: Literal["http"]
    trigger_config: HttpTriggerConfig


class TimerTriggerConfig(_Model):
    """When a timer fires and what it hands over: `payload` as it is written, None where there is none."""

    cron_expression: str
    enable: bool = False
    payload: str | None = None

    @field_validator("cron_expression")
    @classmethod
    def _can_fire(cls, expression: str) -> str:
        parse_schedule(expression)
        return expression


class TimerTrigger(_Model):
    """A timer trigger."""

    trigger_name: str
    trigger_type: Literal["timer"]
    trigger_config: TimerTriggerConfig


class AsyncInvokeConfig(_Model):
    """What becomes of an asynchronous invocation that fails.

    Attributes:
        max_async_retry_attempts: How often it is tried again, 0-8.
        max_async_event_age_in_seconds: How old it may be when a try begins.
    """

    max_async_retry_attempts: int = Field(default=3, ge=0, le=8)
    max_async_event_age_in_seconds: int = Field(default=18_000, ge=1)


class InitializerConfig(_Model):
    """The hook that runs once in an instance, before its first request."""

    handler: str
    timeout_s: int = Field(default=3, ge=1, le=300, alias="timeout")


class InstanceLifecycleConfig(_Model):
    """The hooks of an instance; only the initializer is run here."""

    initializer: InitializerConfig | None = None


class LogConfig(_Model):
    """Where the platform puts the function's own logs; "" where that is not said."""

    project: str = ""
    logstore: str = ""


class Function(_Model):
    """One function of the template.

    Attributes:
        name: Its key under `resources`, which is also its folder and its path on the local server.
        function_name: Its name in Function Compute.
        timeout_s: How long one request may take.
        memory_mb: Configured memory; not enforced here.
        code: The folder to deploy, as written: relative to the template.
    """

    name: str
    region: str
    function_name: str
    runtime: Literal["python3", "python3.9", "python3.10", "python3.12"]
    handler: str
    code: Path
    timeout_s: int = Field(default=3, ge=1, le=86_400, alias="timeout")
    memory_mb: int = Field(default=512, ge=128, le=32_768, alias="memorySize")
    instance_concurrency: Literal[1] = 1
    environment_variables: dict[str, str] = Field(default_factory=dict)
    triggers: tuple[Annotated[HttpTrigger | TimerTrigger, Field(discriminator="trigger_type")], ...] = ()
    async_invoke_config: AsyncInvokeConfig = AsyncInvokeConfig()
    instance_lifecycle_config: InstanceLifecycleConfig = InstanceLifecycleConfig()
    log_config: LogConfig = LogConfig()

    @field_validator("log_config", mode="before")
    @classmethod
    def _auto_log_config(cls, value: object) -> object:
        return {} if value == "auto" else value

    @field_validator("environment_variables")
    @classmethod
    def _fit_the_platform(cls, variables: dict[str, str]) -> dict[str, str]:
        size_bytes = sum(len(f"{name}={value}".encode()) for name, value in variables.items())
        if size_bytes > _ENVIRONMENT_LIMIT_BYTES:
            raise ValueError(f"the variables take {size_bytes} bytes, the platform allows {_ENVIRONMENT_LIMIT_BYTES}")
        return variables

    @property
    def http_trigger(self) -> HttpTrigger | None:
        """The HTTP trigger; a function has at most one."""
        return next((trigger for trigger in self.triggers if isinstance(trigger, HttpTrigger)), None)

    @property
    def timer_triggers(self) -> tuple[TimerTrigger, ...]:
        """The timer triggers, in the template's order."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, TimerTrigger))

    def timer_trigger(self, name: str) -> TimerTrigger:
        """Return a timer trigger by its name.

        Raises:
            UnknownTriggerError: There is none.
        """
        for trigger in self.timer_triggers:
            if trigger.trigger_name == name:
                return trigger
        raise UnknownTriggerError(f"function '{self.name}' has no timer trigger '{name}'")

    @property
    def profile(self) -> Profile:
        """The loader and context that the runtime has; runtimes before python3.10 count as that one."""
        return "python3.12" if self.runtime == "python3.12" else "python3.10"


class Template:
    """The functions of one template, by their key under `resources`."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = dict(functions)

    def function(self, name: str) -> Function:
        """Return a function by its key or by its name in Function Compute.

        Raises:
            UnknownFunctionError: There is none.
        """
        for function in self.functions.values():
            if name in (function.name, function.function_name):
                return function
        raise UnknownFunctionError(f"function '{name}' does not exist")


def load_template(path: Path, environ: Mapping[str, str]) -> Template:
    """Return the functions of a Serverless Devs 3 template, with `${…}` resolved against `environ`.

    Raises:
        TemplateError: The file is not such a template, variables are missing, or values are out of range.

    Source: function-compute.md, section 8; fc3-schema.json.
    """
    document = resolve(_read(path), environ)
    functions = {name: _function(name, resource) for name, resource in document["resources"].items()}
    return Template(functions)


def missing_variables(path: Path, environ: Mapping[str, str]) -> set[str]:
    """Return the variables that the template needs and `environ` does not have.

    Raises:
        TemplateError: The file is not a template.
    """
    return variables_without_default(_read(path)) - environ.keys()


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise TemplateError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("edition") != "3.0.0":
        raise TemplateError(f"{path.name} is not a template of edition 3.0.0")
    if not isinstance(document.get("resources"), dict):
        raise TemplateError(f"{path.name} has no resources")
    return document


def _function(name: str, resource: dict[str, Any]) -> Function:
    if resource.get("component") != "fc3":
        raise TemplateError(f"resources.{name}: the component must be fc3")
    try:
        return Function.model_validate({**resource.get("props", {}), "name": name})
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise TemplateError(f"resources.{name}: {'; '.join(problems)}") from error
