"""What the platform knows and tells: where an instance runs, as whom, and with which environment."""

from dataclasses import dataclass, field
from pathlib import Path

from tests.local.fc.template import Function

# What the runtime leaves of the variables that begin with FC_; it deletes all others.
_KEPT_FC_VARIABLES = frozenset(
    {
        "FC_ACCOUNT_ID",
        "FC_FUNCTION_HANDLER",
        "FC_FUNCTION_MEMORY_SIZE",
        "FC_FUNCTION_NAME",
        "FC_FUNC_CODE_PATH",
        "FC_INSTANCE_ID",
        "FC_QUALIFIER",
        "FC_REGION",
        "FC_RUNTIME_VERSION",
        "FC_SERVICE_NAME",
        "FC_SNAPSHOT_FLAG",
        "FC_VER_ID",
    }
)


@dataclass(frozen=True, slots=True)
class Platform:
    """Where functions run and as whom.

    Attributes:
        region: Region id.
        account_id: Account id.
        access_key_id: Key id of the function's role.
        access_key_secret: Its secret.
        security_token: Its STS token; None where the pair is a lasting one.
    """

    region: str = "cn-hangzhou"
    account_id: str = "1234567890123456"
    access_key_id: str = "local-access-key-id"
    access_key_secret: str = field(default="local-access-key-secret", repr=False)
    security_token: str | None = field(default=None, repr=False)


def instance_environ(function: Function, platform: Platform, code_root: Path, instance_id: str) -> dict[str, str]:
    """Return the whole environment of an instance: the function's own variables, then the platform's.

    Nothing of the caller's environment is in it. The clock's zone is UTC, as in the platform's images.

    Source: function-compute.md, sections 1.4 and 2.2.
    """
    own = {name: value for name, value in function.environment_variables.items() if _survives(name)}
    version = "FC_FUNCTION_VERSION" if function.runtime == "python3.12" else "FC_VER_ID"
    environ = {
        "PATH": f"{code_root}:/usr/local/bin:/usr/bin:/bin",
        "TZ": "UTC",
        **own,
        "HOME": "/tmp",  # noqa: S108 -- the platform's own value
        "PYTHONIOENCODING": "utf-8:surrogateescape",
        "FC_FUNC_CODE_PATH": f"{code_root}/",
        "FC_ACCOUNT_ID": platform.account_id,
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "FC_FUNCTION_NAME": function.function_name,
        "FC_REGION": platform.region,
        "FC_INSTANCE_ID": instance_id,
        version: "LATEST",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": platform.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": platform.access_key_secret,
    }
    if platform.security_token is not None:
        environ["ALIBABA_CLOUD_SECURITY_TOKEN"] = platform.security_token
    return environ


def _survives(name: str) -> bool:
    return name in _KEPT_FC_VARIABLES or not name.startswith(("FC_", "_FC_"))
