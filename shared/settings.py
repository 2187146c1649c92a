"""What the environment says: the one reader of `REWIND_…` variables."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from shared.errors import ConfigurationError
from shared.names import is_name

SignatureVersion = Literal["v1", "v4"]
Secrets = Mapping[str, tuple[str, ...]]

MIN_SECRET_BYTES = 32
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SLS_HOST = re.compile(r"(?P<region>[a-z0-9-]+?)(?:-intranet|-share|-internal)?\.log\.aliyuncs\.com")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?\[\]!$&'()*+,;=%-]{1,2000}")
_SIGNING_SECRET = re.compile(r"[ -~]{1,256}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the notifications of one name go; its URL is a secret too, since whoever knows it may post there.

    Attributes:
        url: https, or http on this machine; without user name and fragment.
        secret: What notifications are signed with; None where there is none.
    """

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
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


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    return host in _LOOPBACK


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
    settings = Settings(
        region=region,
        sls_host=sls_host,
        loopback_url=loopback_url,
        signature=_read_signature(given, region, problems),
        policy_path=given.get("REWIND_POLICY"),
        journal=_read_journal(given, problems),
        read_only=_read_read_only(given, problems),
        webhook_secrets=_read_secrets(given, problems),
        instance_id=given.get("FC_INSTANCE_ID", ""),
        destinations=_read_destinations(given, problems),
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


def _read_secrets(given: Mapping[str, str], problems: list[str]) -> Secrets:
    name = "REWIND_WEBHOOK_SECRETS"
    found = _read_object(given, name, "caller name to secret or list of secrets", problems)
    secrets: dict[str, tuple[str, ...]] = {}
    for caller, value in found.items():
        values = value if isinstance(value, list) else [value]
        if not _NAME.fullmatch(caller):
            problems.append(f"{name}: a caller's name must be 1 to 64 letters, digits, hyphens and underscores")
        elif not values or not all(
            isinstance(v, str) and len(v.encode(errors="surrogatepass")) >= MIN_SECRET_BYTES for v in values
        ):
            problems.append(f"{name}: every secret of {caller} must be a text of at least {MIN_SECRET_BYTES} bytes")
        else:
            secrets[caller] = tuple(values)
    distinct = {(caller, secret) for caller, values in secrets.items() for secret in values}
    if len({secret for _, secret in distinct}) < len(distinct):
        problems.append(f"{name}: two callers share a secret")
    return secrets


def _read_destinations(given: Mapping[str, str], problems: list[str]) -> Mapping[str, Destination]:
    name = "REWIND_NOTIFY"
    found = _read_object(given, name, 'destination name to {"url": "...", "secret": "..."}', problems)
    destinations: dict[str, Destination] = {}
    for destination, entry in found.items():
        if not _NAME.fullmatch(destination):
            problems.append(f"{name}: a destination's name must be 1 to 64 letters, digits, hyphens and underscores")
        elif not isinstance(entry, dict) or not entry.keys() <= {"url", "secret"}:
            problems.append(f"{name}: {destination} must be an object with url and secret, and nothing else")
        elif wrong := _wrong_with_destination(entry.get("url"), entry.get("secret")):
            problems += [f"{name}: {destination}: {what}" for what in wrong]
        else:
            destinations[destination] = Destination(entry["url"], entry.get("secret"))
    return destinations


def _wrong_with_destination(url: object, secret: object) -> list[str]:
    wrong: list[str] = []
    if not isinstance(url, str) or not _is_destination_url(url):
        wrong.append("url must be https, or http on this machine, without user name and fragment")
    if secret is not None and not (isinstance(secret, str) and _SIGNING_SECRET.fullmatch(secret)):
        wrong.append("secret must be a text of 1 to 256 printable ASCII characters")
    return wrong


def _is_destination_url(url: str) -> bool:
    if not _URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or is_loopback(host))


def _read_object(given: Mapping[str, str], name: str, what: str, problems: list[str]) -> dict[str, Any]:
    try:
        found = json.loads(given.get(name, "{}"))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    problems.append(f"{name}: must be a JSON object of {what}")
    return {}
