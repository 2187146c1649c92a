"""`python -m shared.policy check` and `explain`: what policy.toml says, and what is wrong with it."""

import argparse
import re
import sys
from pathlib import Path

from shared.errors import ConfigurationError
from shared.names import is_name
from shared.operation_commands import MODELS
from shared.policy.checking import check_policy
from shared.policy.explaining import Question, explain
from shared.policy.file import KNOWN_ACTIONS, PRINCIPAL, parse_policy
from shared.policy.lines import key_lines
from shared.policy.rules import Policy
from shared.results import Target
from shared.settings import journal_name, policy_path

_KINDS = ("project", "logstore", "consumer_group")


def main(arguments: list[str] | None = None) -> int:
    """Carry out a command and return the exit status.

    That is 0 if the policy is sound, or allows what is asked; 1 if not; 2 where the arguments are wrong.
    """
    parser = _parser()
    asked = parser.parse_args(arguments)
    path = asked.policy or policy_path()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return _fail(f"{path}: does not exist; without a policy everything is denied")
    except (OSError, UnicodeDecodeError):
        return _fail(f"{path}: cannot be read as text in UTF-8")
    if asked.command == "check":
        return _check(path, text)
    try:
        policy = parse_policy(text)
    except ConfigurationError:
        return _fail(f"{path}: is broken, and denies everything; `check` says what is wrong with it")
    try:
        journal = journal_name()
    except ConfigurationError as error:
        return _fail(f"{error.message}; explain asks it, since the journal is never a target")
    question = _question(parser, policy, asked)
    explanation = explain(policy, key_lines(text), question, journal)
    print("\n".join(explanation.lines))  # noqa: T201 -- a command speaks
    return 0 if explanation.is_allowed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.policy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    default = "REWIND_POLICY, or else policy.toml, unless given"
    check = commands.add_parser("check", help="print every mistake with its line, and what is odd")
    check.add_argument("policy", nargs="?", help=default)
    why = commands.add_parser("explain", help="say what is allowed and why, or what came close")
    why.add_argument("principal", help="such as webhook:ci or slack:T024BE7LD/U061F7AUR")
    why.add_argument("action", choices=KNOWN_ACTIONS, metavar="action", help="such as rewind")
    why.add_argument("target", help="an alias of policy.toml, or project/logstore/consumer_group")
    why.add_argument("--policy", help=default)
    return parser


def _check(path: str, text: str) -> int:
    findings = check_policy(text)
    for finding in findings:
        place = path if finding.line is None else f"{path}:{finding.line}"
        print(f"{place}: {'error' if finding.is_error else 'warning'}: {finding.sentence}")  # noqa: T201 -- a command speaks
    errors = sum(finding.is_error for finding in findings)
    print(f"{path}: errors: {errors}, warnings: {len(findings) - errors}")  # noqa: T201 -- a command speaks
    return 1 if errors else 0


def _question(parser: argparse.ArgumentParser, policy: Policy, asked: argparse.Namespace) -> Question:
    if not PRINCIPAL.fullmatch(asked.principal) or re.search(r"[*?\[]", asked.principal):
        parser.error("principal: must be one caller, <channel>:<identity>, such as webhook:ci")
    return Question(asked.principal, asked.action, _target(parser, policy, asked))


def _target(parser: argparse.ArgumentParser, policy: Policy, asked: argparse.Namespace) -> Target | None:
    names = asked.target.split("/")
    if len(names) == 1:
        alias = policy.aliases.get(names[0])
        if alias is None:
            return None
        names = str(alias).split("/")
    needed = len(getattr(MODELS.get(asked.action), "parts", _KINDS))
    if not needed <= len(names) <= len(_KINDS) or not all(map(is_name, _KINDS, names)):
        parser.error(f"target: must be an alias of policy.toml, or {'/'.join(_KINDS[:needed])} with valid names")
    return Target(names[0], names[1], names[2] if needed == len(_KINDS) else None)


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 -- a command speaks
    return 1


if __name__ == "__main__":
    sys.exit(main())
