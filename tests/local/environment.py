"""The whole local environment: the functions of template.yml behind HTTP, set up for an SLS stand-in."""

import json
import os
import secrets
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, final

from tests.local.fc.errors import StagingError
from tests.local.fc.gateway import Gateway, GatewayOptions
from tests.local.fc.logs import Logs
from tests.local.fc.routes import invocation_path, trigger_path
from tests.local.fc.server import LISTEN_QUEUE, FunctionServer
from tests.local.fc.staging import find_artefact, interpreter_of, runs_here, stage_source
from tests.local.fc.template import Template, load_template, missing_variables
from tests.local.fc.variables import Platform

CHECKOUT = Path(__file__).resolve().parents[2]
_POLICY = Path(__file__).with_name("policy.toml")
_POLICY_VARIABLE = "REWIND_POLICY"
_OVERRIDABLE = ("REWIND_SIGNATURE", "REWIND_READ_ONLY", _POLICY_VARIABLE)
_ROLE_PREFIX = "REWIND_ROLE_"
# Chat is off here unless its settings are given.
_OFF = {"REWIND_WORKER_KEY": ""}
_PLATFORM = Platform()


class StandIn(Protocol):
    """What the functions need to know of the SLS they talk to.

    Attributes:
        url: Scheme and authority to connect to.
        region: Region id.
        access_key_id: Key id it accepts.
        access_key_secret: Its secret.
        journal: `<project>/<logstore>` of a Logstore that exists and has one shard.
    """

    @property
    def url(self) -> str: ...  # noqa: D102 -- told above
    @property
    def region(self) -> str: ...  # noqa: D102 -- told above
    @property
    def access_key_id(self) -> str: ...  # noqa: D102 -- told above
    @property
    def access_key_secret(self) -> str: ...  # noqa: D102 -- told above
    @property
    def journal(self) -> str: ...  # noqa: D102 -- told above


@final
class LocalEnvironment:
    """Runs the functions of template.yml against a stand-in, behind HTTP on loopback. A context manager.

    Args:
        stand_in: The SLS the functions talk to; stays open.
        port: Port of the functions; 0 picks a free one.
        artefacts: Run what `make package` built; else the source.
        settings: More variables for the template, such as those of chat platforms; they win over all others.
        environ: The caller's environment: REWIND_SIGNATURE, REWIND_READ_ONLY and REWIND_POLICY (an absolute path) are
            taken from it and nothing else.
        logs: Where the functions' output goes; None keeps it in `gateway.logs` alone.
        options: How the gateway differs from the template.
        checkout: The folder that holds template.yml, `functions` and `shared`.

    Attributes:
        bearer: Token of the principal `webhook:local`, fresh in each environment.
        gateway: Runs the functions.
        url: Scheme and authority of the HTTP front.

    Raises:
        TemplateError: template.yml cannot be used.
        StagingError: The code of a function is missing, no Python of this machine can run the artefacts, or
            REWIND_POLICY is not an absolute path.
    """

    gateway: Gateway
    url: str

    def __init__(  # noqa: PLR0913 -- all but the first have a default and are given by name
        self,
        stand_in: StandIn,
        *,
        port: int = 0,
        artefacts: bool = False,
        settings: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        logs: Logs | None = None,
        options: GatewayOptions | None = None,
        checkout: Path = CHECKOUT,
    ) -> None:
        self.bearer = secrets.token_urlsafe(32)
        self._stand_in = stand_in
        self._port = port
        self._artefacts = artefacts
        self._settings = settings or {}
        self._environ = os.environ if environ is None else environ
        self._logs = logs
        self._options = options
        self._checkout = checkout
        self._open = ExitStack()

    def __enter__(self) -> "LocalEnvironment":
        with ExitStack() as opening:
            # Functions invoke one another at the gateway's own address, so it is known before there is a gateway.
            listener = opening.enter_context(socket.create_server(("127.0.0.1", self._port), backlog=LISTEN_QUEUE))
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            template = self._template()
            folder = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="sls-rewind-")))
            platform = Platform(
                region=self._stand_in.region,
                access_key_id=self._stand_in.access_key_id,
                access_key_secret=self._stand_in.access_key_secret,
            )
            roots = self._code_roots(template, folder)
            gateway = Gateway(template, roots, platform, logs=self._logs, options=self._chosen_options(template, roots))
            self.gateway = opening.enter_context(gateway)
            opening.enter_context(FunctionServer(gateway, listener=listener))
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def description(self) -> dict[str, Any]:
        """Return what a caller needs to use the environment: one JSON object, with the token and the key pair."""
        functions = {
            name: {
                "url": self.url + trigger_path(name) if function.http_trigger else None,
                "invoke": self.url + invocation_path(function.function_name),
            }
            for name, function in self.gateway.template.functions.items()
        }
        return {**describe_stand_in(self._stand_in), "bearer": self.bearer, "functions": functions}

    def _template(self) -> Template:
        path = self._checkout / "template.yml"
        settings = self._local_settings()
        roles = {name for name in missing_variables(path, settings) if name.startswith(_ROLE_PREFIX)}
        return load_template(path, {**{name: _role_arn(name) for name in roles}, **_OFF, **settings})

    def _local_settings(self) -> dict[str, str]:
        overrides = {name: self._environ[name] for name in _OVERRIDABLE if name in self._environ}
        if not Path(overrides.get(_POLICY_VARIABLE, _POLICY)).is_absolute():
            raise StagingError(f"{_POLICY_VARIABLE} must be an absolute path here, or not be set")
        return {
            "REWIND_REGION": self._stand_in.region,
            "REWIND_ENDPOINT": self._stand_in.url,
            "REWIND_JOURNAL": self._stand_in.journal,
            _POLICY_VARIABLE: str(_POLICY) if self._artefacts else "policy.toml",
            "REWIND_WEBHOOK_SECRETS": json.dumps({"local": self.bearer}),
            "REWIND_FC_ENDPOINT": self.url,
            **overrides,
            **self._settings,
        }

    def _chosen_options(self, template: Template, roots: Mapping[str, Path]) -> GatewayOptions:
        options = self._options or GatewayOptions()
        if options.interpreter is None and self._artefacts and not all(map(runs_here, roots.values())):
            return replace(options, interpreter=interpreter_of(template.functions.values()))
        return options

    def _code_roots(self, template: Template, folder: Path) -> dict[str, Path]:
        if self._artefacts:
            return {name: find_artefact(function, self._checkout) for name, function in template.functions.items()}
        return {
            name: stage_source(function, self._checkout, _POLICY, folder)
            for name, function in template.functions.items()
        }


def describe_stand_in(stand_in: StandIn) -> dict[str, Any]:
    """Return what a caller needs to use a stand-in, under the key `sls`."""
    return {
        "sls": {
            "url": stand_in.url,
            "region": stand_in.region,
            "access_key_id": stand_in.access_key_id,
            "access_key_secret": stand_in.access_key_secret,
        }
    }


def _role_arn(variable: str) -> str:
    role = variable.removeprefix(_ROLE_PREFIX).lower().replace("_", "-")
    return f"acs:ram::{_PLATFORM.account_id}:role/sls-rewind-{role}"
