"""`python -m shared.doctor`: what is wrong with an installation; `python -m shared.doctor ram`: the rights it needs."""

import argparse
import logging
import sys
import time
from dataclasses import replace

from shared.doctor.ram import add_ram
from shared.doctor.table import check_lines
from shared.errors import ConfigurationError, RewindError
from shared.execution.doctoring import check_unaided, examine
from shared.execution.doctoring_findings import Check
from shared.execution.doctoring_installation import check_policy, settings_problems
from shared.fc.allowing import load_policy
from shared.fc.context import FcContext
from shared.fc.deadline import Deadline
from shared.fc.lending import lend
from shared.fc.offering import invoker_of
from shared.settings import load_settings, policy_path

_TIME_S = 60.0
_PRINCIPAL = "shell:doctor"
_HOLDER = "the owner of these keys"


def main(arguments: list[str] | None = None) -> int:
    """Carry out the command and return the exit status: 0 if no check failed, 1 if one did."""
    parser = argparse.ArgumentParser(prog="python -m shared.doctor", description=__doc__)
    parser.set_defaults(run=_run_checks)
    add_ram(parser.add_subparsers(metavar="ram"))
    asked = parser.parse_args(arguments)
    status: int = asked.run(asked)
    return status


def _run_checks(_: argparse.Namespace) -> int:
    # What functions write to their log is told by the checks, in words.
    logging.getLogger("sls_rewind").addHandler(logging.NullHandler())
    checks = _checks()
    for line in check_lines(checks):
        print(line)  # noqa: T201 -- a command speaks
    failed = sum(check.status == "failed" for check in checks)
    warnings = sum(check.status == "warning" for check in checks)
    print(f"{len(checks)} checks, {failed} failed, {warnings} with a warning")  # noqa: T201 -- a command speaks
    return 1 if failed else 0


def _checks() -> list[Check]:
    """Return what a function with these variables would be told, but for what only its own role can know."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        rest = Check("rest", "skipped", "nothing else is looked at before the settings are sound")
        return [*settings_problems(error), *check_policy(policy_path()), rest]
    told = FcContext(request_id=None, function_name="", timeout_s=_TIME_S)
    remaining_s = Deadline(_TIME_S, time.monotonic).remaining_s
    try:
        invocation = lend(settings, _PRINCIPAL, None, told, remaining_s)
    except ConfigurationError as error:
        missing = [Check("credentials", "failed", problem, error.hint) for problem in error.problems]
        rest = Check("reach", "skipped", "SLS was not asked anything: there are no credentials to ask with")
        return [*missing, *check_unaided(settings, load_policy(settings.policy_path)), rest]
    try:
        worker = invoker_of(settings.chat.worker, None, told)
        return examine(replace(invocation, holder=_HOLDER, invoke_worker=worker), lambda _: True, [])
    except RewindError as error:
        return [Check("doctor", "failed", error.message, error.hint)]


if __name__ == "__main__":
    sys.exit(main())
