"""What the functions use of FC's context object, which differs between runtimes.

Source: reference function-compute.md 2.1: the 3.10 runtime has credentials and a timeout as text, the 3.12 runtime has
no credentials; neither tells the remaining time.
"""

import math

from shared.frozen import frozen

_DEFAULT_TIMEOUT_S = 60.0


@frozen
class FcContext:
    """The context of one invocation.

    Attributes:
        request_id: FC's id of the invocation; None if the context has none.
        function_name: As deployed; "" if the context has none.
        timeout_s: Seconds after which FC stops the invocation.
        account_id: The account it runs in; "" if the context has none.
        region: The region it runs in; "" if the context has none.
    """

    request_id: str | None
    function_name: str
    timeout_s: float
    account_id: str = ""
    region: str = ""


def read_context(context: object) -> FcContext:
    """Return what a context of any runtime says; what it lacks has a safe value."""
    function = getattr(context, "function", None)
    return FcContext(
        request_id=getattr(context, "request_id", None) or None,
        function_name=str(getattr(function, "name", "") or ""),
        timeout_s=_seconds(getattr(function, "timeout", None)),
        account_id=str(getattr(context, "account_id", "") or ""),
        region=str(getattr(context, "region", "") or ""),
    )


def _seconds(timeout: object) -> float:
    try:
        seconds = float(str(timeout))
    except ValueError:
        return _DEFAULT_TIMEOUT_S
    return seconds if 0 < seconds < math.inf else _DEFAULT_TIMEOUT_S
