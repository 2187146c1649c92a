"""The doctor: whether this installation can do its work, told at deploy time and not at 3 a.m.

It changes nothing and needs no more rights than commands do. Who may ask is up to policy.toml: any rule that names the
action `doctor`, or `*`; since it has no target, it looks at those targets alone that such a rule covers. Whose rules
cover not every target that policy.toml names is not told of other callers either: what is wrong with them, with their
secrets and with the policy is counted, and no name is named.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from shared.errors import RewindError
from shared.execution.doctoring_findings import Check, without_others
from shared.execution.doctoring_installation import check_callers, check_policy, check_settings
from shared.execution.doctoring_journal import NAME as JOURNAL
from shared.execution.doctoring_journal import check_journal
from shared.execution.doctoring_rights import Asked, check_targets
from shared.execution.doctoring_secrets import check_secrets
from shared.execution.doctoring_trials import is_refusal
from shared.execution.doctoring_worker import check_worker
from shared.execution.invocation import Invocation
from shared.execution.parallel import in_parallel
from shared.frozen import frozen
from shared.names import is_name
from shared.policy.rules import Policy
from shared.results import Error, Result, Target
from shared.settings import Settings
from shared.sls.client import SlsClient
from shared.sls.errors import (
    LogstoreNotExistError,
    LogstoreWithoutShardError,
    ProjectForbiddenError,
    ProjectNotExistError,
    SlsApiError,
    SlsAuthError,
)

ACTION = "doctor"
ANY_LOGSTORE = "sls-rewind-doctor"
"""Asked for where policy.toml names no Logstore of a project; SLS need not have it to answer."""
REFUSED_SKEW_S = 900
"""What SLS refuses to take a signature beyond. Source: reference sls-api.md section 5 (RequestTimeExpired)."""
_SKEW_S = 60
_OUR_KEYS = (
    "What SLS says decides: keys unknown or expired (the function's `role` in template.yml, or ALIBABA_CLOUD_… where "
    "this runs), a project of another account (its name, REWIND_REGION), or SLS closed to this one."
)

Sees = Callable[[Target], bool]


@frozen
class Visit:
    """What the first call to a project told.

    Attributes:
        project: Its name.
        client: Calls it; None where nothing answered that is worth asking more.
        check: What to tell of it.
        ahead_s: By how much SLS's clock is ahead of ours; None if it did not say.
    """

    project: str
    client: SlsClient | None
    check: Check
    ahead_s: float | None = None


def run_doctor(invocation: Invocation) -> Result:
    """Return what is wrong with the installation, of what policy lets the caller see.

    Raises:
        PolicyDeniedError: No rule lets the caller ask.
    """
    principal, policy = invocation.principal, invocation.policy
    policy.grant(principal, ACTION, None)
    clients: list[SlsClient] = []
    checks = examine(invocation, lambda target: policy.sees(principal, ACTION, target), clients)
    if not all(policy.sees(principal, ACTION, target) for target in targets_of(policy)):
        checks = without_others(checks)
    request_ids = tuple(request_id for client in clients for request_id in client.sls_request_ids)
    return replace(result_of(checks), sls_request_ids=request_ids)


def result_of(checks: Iterable[Check]) -> Result:
    """Return checks as a result; it is not ok if one of them failed."""
    checks = tuple(checks)
    failed = [check for check in checks if check.status == "failed"]
    error = None
    if failed:
        told = f"{len(failed)} of {len(checks)} checks failed, first {failed[0].check}: {failed[0].message}"
        error = Error("checks_failed", told, hint=failed[0].hint)
    own = {"checks": [check.as_dict() for check in checks]}
    return Result(status="failed" if failed else "read", action=ACTION, error=error, own=own)


def examine(invocation: Invocation, sees: Sees, clients: list[SlsClient]) -> list[Check]:
    """Return everything that can be told, found at once as far as it can be.

    Args:
        invocation: Lends settings, policy and connections.
        sees: Whether a target may be looked at.
        clients: Takes the clients that calls are made by.
    """
    settings, policy = invocation.settings, invocation.policy
    targets = [target for target in targets_of(policy) if sees(target)]
    journal = settings.journal
    targets = [target for target in targets if (target.project, target.logstore) != journal]
    visits = in_parallel(
        [partial(_visit, invocation, *place, clients) for place in _places(policy, targets, journal, sees)]
    )
    reached = {visit.project: visit.client for visit in visits if visit.client is not None}
    asked = Asked(policy, writes=not settings.read_only, holder=invocation.holder)
    late: list[Callable[[], list[Check]]] = [
        partial(check_targets, reached, targets, asked),
        partial(_journal, invocation, reached),
        lambda: [check_worker(invocation)],
    ]
    return [
        *check_unaided(settings, policy),
        *(visit.check for visit in visits),
        _clock(visits),
        *(check for checks in in_parallel(late) for check in checks),
    ]


def check_unaided(settings: Settings, policy: Policy) -> list[Check]:
    """Return what can be told without credentials and without a call."""
    return [
        *check_settings(settings),
        *check_policy(settings.policy_path),
        *check_secrets(settings),
        *check_callers(settings, policy),
    ]


def targets_of(policy: Policy) -> list[Target]:
    """Return the targets that rules of policy.toml name, and the aliases that one covers; globs stay as they are."""
    covered = [alias for alias in policy.aliases.values() if any(rule.covers(alias) for rule in policy.rules)]
    named = [
        Target(project, logstore, group)
        for rule in policy.rules
        for project, logstore, group in (target.split("/") for target in rule.targets)
    ]
    return list(dict.fromkeys([*covered, *named]))


def _places(
    policy: Policy, targets: Iterable[Target], journal: tuple[str, str] | None, sees: Sees
) -> list[tuple[str, str]]:
    """Return each project that is named with one of its Logstores, to be asked for first."""
    found: dict[str, str] = dict([journal] if journal else [])
    for target in targets:
        if is_name("project", target.project) and is_name("logstore", target.logstore):
            found.setdefault(target.project, target.logstore)
    globbed = [target.split("/")[0] for rule in policy.rules for target in rule.targets]
    for project in (*policy.placements, *globbed):
        if is_name("project", project) and sees(Target(project, ANY_LOGSTORE, None)):
            found.setdefault(project, ANY_LOGSTORE)
    return list(found.items())


def _visit(invocation: Invocation, project: str, logstore: str, clients: list[SlsClient]) -> Visit:
    """Ask a project for something that is there or not: either answer shows that SLS is reached."""
    name = f"reach {project}"
    client = invocation.client(project, None)
    clients.append(client)
    begun_unix = invocation.now().timestamp()
    try:
        answer = client.list_shards(logstore)
    except ProjectNotExistError as error:
        return Visit(project, None, Check(name, "failed", error.message, error.hint))
    except SlsAuthError as error:
        return Visit(project, *_refused(name, client, error))
    except (LogstoreNotExistError, LogstoreWithoutShardError) as error:
        return Visit(project, client, Check(name, "ok", f"SLS answers ({error.sls_error_code})"))
    except SlsApiError as error:
        return Visit(project, *_odd(name, client, error))
    except RewindError as error:
        return Visit(project, None, Check(name, "failed", error.message, error.hint))
    ahead_s = None
    if answer.server_unix is not None:
        # SLS tells whole seconds, so on average half a second more has passed there.
        ahead_s = answer.server_unix + 0.5 - (begun_unix + invocation.now().timestamp()) / 2
    return Visit(project, client, Check(name, "ok", "SLS answers"), ahead_s)


def _odd(name: str, client: SlsClient, error: SlsApiError) -> tuple[SlsClient | None, Check]:
    if error.retryable or isinstance(error, ProjectForbiddenError):
        return None, Check(name, "failed", error.message, error.hint)
    told = "; rights are told below" if is_refusal(error) else ""
    return client, Check(name, "warning", f"SLS answers, but not as expected: {error.message}{told}", error.hint)


def _refused(name: str, client: SlsClient, error: SlsAuthError) -> tuple[SlsClient | None, Check]:
    if is_refusal(error):
        return client, Check(name, "ok", "SLS answers; rights are told below")
    return None, Check(name, "failed", f"SLS refuses whatever is asked with our keys: {error.message}", _OUR_KEYS)


def _clock(visits: Iterable[Visit]) -> Check:
    offsets = [
        visit.client.clock_offset_s for visit in visits if visit.client is not None and visit.client.clock_offset_s
    ]
    known = [visit.ahead_s for visit in visits if visit.ahead_s is not None]
    if not offsets and not known:
        return Check(
            "clock", "skipped", "SLS did not tell its time", "Mend what else failed, and run the doctor again."
        )
    ahead_s = max([*known, *offsets], key=abs)
    told = f"this machine's clock is {abs(ahead_s):.0f} s {'behind' if ahead_s > 0 else 'ahead of'} SLS's"
    hint = "Set this machine's clock; on Function Compute, report it to Alibaba Cloud support."
    if abs(ahead_s) > REFUSED_SKEW_S:
        return Check("clock", "failed", f"{told}; SLS refuses signatures that are {REFUSED_SKEW_S} s off", hint)
    return Check("clock", "warning", told, hint) if abs(ahead_s) > _SKEW_S else Check("clock", "ok", told)


def _journal(invocation: Invocation, reached: Mapping[str, SlsClient]) -> list[Check]:
    journal = invocation.settings.journal
    if journal is None:
        return [Check(JOURNAL, "skipped", "none is set")]
    client = reached.get(journal[0])
    if client is None:
        return [Check(JOURNAL, "skipped", f"project {journal[0]} could not be reached")]
    return check_journal(invocation, client)
