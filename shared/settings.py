"""What the environment says: the one reader of `REWIND_…` variables."""

import os
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal, cast
from urllib.parse import urlsplit

from shared.chat_settings import ChatSettings, read_chat
from shared.errors import ConfigurationError
from shared.frozen import frozen
from shared.names import is_loopback, is_name
from shared.secret_settings import (
    Destination,
    Secrets,
    read_destinations,
    read_url_tokens,
    read_webhook_secrets,
)

SignatureVersion = Literal["v1", "v4"]

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_SLS_HOST = re.compile(r"(?P<region>[a-z0-9-]+?)(?:-intranet|-share|-internal)?\.log\.aliyuncs\.com")


@frozen
class Endpoint:
    """Where the calls of one project go.

    Attributes:
        base_url: Scheme and authority to connect to, without a slash at the end.
        host: The Host header; its first label is the project.
        region: Region id, part of every V4 signature; None where it is not known.
        signature: The signature version to use.
    """

    base_url: str
    host: str
    region: str | None
    signature: SignatureVersion


@frozen
class Settings:
    """Every setting of an installation, checked.

    Attributes:
        region: REWIND_REGION, or what REWIND_ENDPOINT's host names; None if neither tells.
        sls_host: Host of the SLS endpoint without the project, such as `cn-hangzhou.log.aliyuncs.com`.
        loopback_url: Where to connect instead when REWIND_ENDPOINT is on this machine; else None.
        signature: REWIND_SIGNATURE; None leaves the choice to the endpoint: v4 where the region is known.
        policy_path: REWIND_POLICY; None denies everything.
        journal: REWIND_JOURNAL as (project, Logstore); None if there is none.
        read_only: REWIND_READ_ONLY; True freezes all writes.
        webhook_secrets: REWIND_WEBHOOK_SECRETS: name of the caller to its valid secrets.
        instance_id: The platform's id of this instance; "" where it gives none.
        destinations: REWIND_NOTIFY: name of a destination to where its notifications go.
        url_tokens: REWIND_URL_TOKENS: name of a sender to its tokens, which stand in the URL and may only preview.
        chat: The groups of the chat platforms, and the worker's.
    """

    region: str | None
    sls_host: str
    loopback_url: str | None
    signature: SignatureVersion | None
    policy_path: str | None
    journal: tuple[str, str] | None
    read_only: bool
    webhook_secrets: Secrets = field(repr=False)
    instance_id: str = ""
    destinations: Mapping[str, Destination] = field(default_factory=dict, repr=False)
    url_tokens: Secrets = field(default_factory=dict, repr=False)
    chat: ChatSettings = field(default_factory=ChatSettings)

    def endpoint(self, project: str, *, region: str | None = None, host: str | None = None) -> Endpoint:
        """Return where calls for a project go.

        Args:
            project: A checked project name.
            region: The project's region where policy says that it differs.
            host: The project's SLS endpoint where policy says that it differs.

        A loopback endpoint takes every project, wherever policy places it: nothing local ever leaves the machine.
        """
        if self.loopback_url is not None:
            region, sls_host, base_url = self.region, self.sls_host, self.loopback_url
        else:
            region = region or (region_of_host(host) if host else self.region)
            sls_host = host or (f"{region}.log.aliyuncs.com" if region != self.region else self.sls_host)
            base_url = f"https://{project}.{sls_host}"
        signature: SignatureVersion = self.signature or ("v4" if region else "v1")
        return Endpoint(base_url, f"{project}.{sls_host}", region, signature)


def region_of_host(host: str) -> str | None:
    """Return the region that an SLS endpoint's host names; None for a host of another form."""
    found = _SLS_HOST.fullmatch(host)
    return found["region"] if found else None


def is_region(text: str) -> bool:
    """Return whether a text has the form of a region id, such as `cn-hangzhou`."""
    return _REGION.fullmatch(text) is not None


def is_sls_host(text: str) -> bool:
    """Return whether a text is a host that credentials may be sent to."""
    return re.fullmatch(r"(?:[a-z0-9-]+\.)+aliyuncs\.com", text) is not None


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment holds; an empty variable counts as absent.

    Args:
        environ: What to read; None reads the process's own environment.

    Raises:
        ConfigurationError: Something is missing or wrong; lists every problem by variable name, never by value.
    """
    given = {name: text for name, text in (os.environ if environ is None else environ).items() if text}
    problems: list[str] = []
    loopback_url, sls_host, region = _read_endpoint(given, problems)
    webhook_secrets = read_webhook_secrets(given, problems)
    settings = Settings(
        region=region,
        sls_host=sls_host,
        loopback_url=loopback_url,
        signature=_read_signature(given, region, problems),
        policy_path=given.get("REWIND_POLICY"),
        journal=_read_journal(given, problems),
        read_only=_read_read_only(given, problems),
        webhook_secrets=webhook_secrets,
        instance_id=given.get("FC_INSTANCE_ID", ""),
        destinations=read_destinations(given, problems),
        url_tokens=read_url_tokens(given, webhook_secrets, problems),
        chat=read_chat(given, problems),
    )
    if problems:
        raise ConfigurationError(problems, hint="Set these variables of the function in template.yml and deploy again.")
    return settings


def _read_endpoint(given: Mapping[str, str], problems: list[str]) -> tuple[str | None, str, str | None]:
    region = given.get("REWIND_REGION")
    if region is not None and not is_region(region):
        problems.append("REWIND_REGION: must be a region id such as cn-hangzhou")
    text = given.get("REWIND_ENDPOINT")
    if text is None:
        if region is None:
            problems.append("REWIND_REGION: missing (or set REWIND_ENDPOINT)")
        return None, f"{region}.log.aliyuncs.com", region
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if is_loopback(host) and parts.scheme in {"http", "https"} and parts.path in {"", "/"}:
        return f"{parts.scheme}://{parts.netloc}", f"{region or 'local'}.log.aliyuncs.com", region
    if not is_sls_host(host) or parts.scheme != "https" or port not in {None, 443} or parts.path not in {"", "/"}:
        problems.append("REWIND_ENDPOINT: must be https and a host of *.aliyuncs.com, or http://127.0.0.1:<port>")
    return None, host, region or region_of_host(host)


def _read_signature(given: Mapping[str, str], region: str | None, problems: list[str]) -> SignatureVersion | None:
    text = given.get("REWIND_SIGNATURE")
    if text not in {None, "v1", "v4"}:
        problems.append("REWIND_SIGNATURE: must be v1 or v4")
    if text == "v4" and region is None:
        problems.append("REWIND_SIGNATURE: v4 needs REWIND_REGION")
    return cast("SignatureVersion | None", text)


def _read_journal(given: Mapping[str, str], problems: list[str]) -> tuple[str, str] | None:
    text = given.get("REWIND_JOURNAL")
    if text is None:
        return None
    project, _, logstore = text.partition("/")
    if not (is_name("project", project) and is_name("logstore", logstore)):
        problems.append("REWIND_JOURNAL: must be <project>/<logstore>")
    return project, logstore


def _read_read_only(given: Mapping[str, str], problems: list[str]) -> bool:
    text = given.get("REWIND_READ_ONLY", "0").lower()
    if text not in {"0", "1", "true", "false"}:
        problems.append("REWIND_READ_ONLY: must be 1 or 0")
    return text not in {"0", "false"}


def journal_name(environ: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Return what REWIND_JOURNAL names, for tools beside the functions: (project, Logstore); None where it is not set.

    Raises:
        ConfigurationError: It names none.
    """
    problems: list[str] = []
    given = os.environ if environ is None else environ
    journal = _read_journal({name: text for name, text in given.items() if text}, problems)
    if problems:
        raise ConfigurationError(problems)
    return journal


def policy_path(environ: Mapping[str, str] | None = None) -> str:
    """Return where the policy is, for tools beside the functions: REWIND_POLICY, or policy.toml in this folder."""
    given = os.environ if environ is None else environ
    return given.get("REWIND_POLICY") or "policy.toml"
