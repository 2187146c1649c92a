"""The policy that a function of this installation goes by."""

from shared.errors import ConfigurationError
from shared.fc.logs import log_configuration
from shared.policy.file import read_policy
from shared.policy.rules import Policy


def load_policy(path: str | None) -> Policy:
    """Return the policy; a broken one allows nothing, and only the log says why.

    Args:
        path: Of policy.toml; None allows nothing.
    """
    try:
        return read_policy(path)
    except ConfigurationError as error:
        log_configuration(error.problems)
        return Policy()
