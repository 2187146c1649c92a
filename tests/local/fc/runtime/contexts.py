"""The `context` argument in its two forms: up to python3.10, and python3.12, which dropped half of it."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from tests.local.fc.runtime.messages import InstanceConfig

_LATEST = "LATEST"


@dataclass(frozen=True)
class Credentials:
    """The role's credentials of one request; any of them may be empty, where the function has no role."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(repr=False)

    @property
    def accessKeyId(self) -> str:  # noqa: N802 -- the platform's own alias
        """The same as `access_key_id`."""
        return self.access_key_id

    @property
    def accessKeySecret(self) -> str:  # noqa: N802 -- the platform's own alias
        """The same as `access_key_secret`."""
        return self.access_key_secret

    @property
    def securityToken(self) -> str | None:  # noqa: N802 -- the platform's own alias
        """The same as `security_token`."""
        return self.security_token


@dataclass(frozen=True)
class Service:
    """What is left of the FC 2.0 service: nameless in FC 3.0."""

    name: str
    log_project: str
    log_store: str
    qualifier: str
    version_id: str


@dataclass(frozen=True)
class Function:
    """The function in a context up to python3.10: `timeout` is text there."""

    name: str
    handler: str
    memory: int
    timeout: str


@dataclass(frozen=True)
class VersionedFunction:
    """The function in a context of python3.12; that `timeout` is a number there is an assumption."""

    name: str
    handler: str
    memory: int
    timeout: int
    version_id: str
    qualifier: str


@dataclass(frozen=True)
class Tracing:
    """Tracing data; nothing traces here, so all of it is empty."""

    span_context: str | None = None
    jaeger_endpoint: str | None = None
    span_baggages: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Python310Context:
    """The context up to python3.10; `retry_count` is text, and `logger` is None: call `getLogger()`."""

    request_id: str
    credentials: Credentials
    function: Function
    service: Service
    region: str
    account_id: str
    retry_count: str
    tracing: Tracing
    logger: logging.Logger | None = None

    @property
    def requestId(self) -> str:  # noqa: N802 -- the platform's own alias
        """The same as `request_id`."""
        return self.request_id

    def getLogger(self) -> logging.Logger:  # noqa: N802 -- the platform's own name
        """Return the root logger."""
        return self.logger or logging.getLogger()

    def to_json(self) -> str:
        """Return the context as JSON, credentials included, as the platform does."""
        credentials, function, service, tracing = self.credentials, self.function, self.service, self.tracing
        return json.dumps(
            {
                "requestId": self.request_id,
                "credentials": {
                    "accessKeyId": credentials.access_key_id,
                    "accessKeySecret": credentials.access_key_secret,
                    "securityToken": credentials.security_token,
                },
                "function": dict(vars(function)),
                "service": {
                    "name": service.name,
                    "logProject": service.log_project,
                    "logStore": service.log_store,
                    "qualifier": service.qualifier,
                    "versionId": service.version_id,
                },
                "region": self.region,
                "accountId": self.account_id,
                "retryCount": self.retry_count,
                "tracing": {
                    "openTracingSpanContext": tracing.span_context,
                    "openTracingSpanBaggages": tracing.span_baggages,
                    "jaegerEndpoint": tracing.jaeger_endpoint,
                },
            }
        )


@dataclass(frozen=True)
class Python312Context:
    """The context of python3.12: no credentials, no service, no tracing, no retry count."""

    request_id: str
    function: VersionedFunction
    region: str
    account_id: str
    log_project: str
    log_store: str
    logger: logging.Logger = field(default_factory=logging.getLogger)

    def getLogger(self) -> logging.Logger:  # noqa: N802 -- the platform's own name
        """Return the root logger."""
        return self.logger


def build_context(config: InstanceConfig, request: dict[str, Any]) -> Python310Context | Python312Context:
    """Return the context of one request in the instance's profile; `request` is the head of its message.

    Source: function-compute.md, section 2.1.
    """
    return _python312(config, request) if config.profile == "python3.12" else _python310(config, request)


def _python310(config: InstanceConfig, request: dict[str, Any]) -> Python310Context:
    return Python310Context(
        request_id=request["request_id"],
        credentials=Credentials(request["access_key_id"], request["access_key_secret"], request["security_token"]),
        function=Function(config.function_name, config.handler, config.memory_mb, str(config.timeout_s)),
        service=Service("", config.log_project, config.log_store, _LATEST, _LATEST),
        region=config.region,
        account_id=config.account_id,
        retry_count=str(request["retry_count"]),
        tracing=Tracing(),
    )


def _python312(config: InstanceConfig, request: dict[str, Any]) -> Python312Context:
    return Python312Context(
        request_id=request["request_id"],
        function=VersionedFunction(
            config.function_name, config.handler, config.memory_mb, config.timeout_s, _LATEST, _LATEST
        ),
        region=config.region,
        account_id=config.account_id,
        log_project=config.log_project,
        log_store=config.log_store,
    )
