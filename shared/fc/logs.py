"""Log lines: one JSON object each, so that the function's own Logstore can index and query them."""

import json
import logging
from collections.abc import Mapping

_LOGGER = logging.getLogger("sls_rewind")


def log_fields(fields: Mapping[str, object]) -> None:
    """Write one log line; its fields hold names, positions and outcomes, and never a secret."""
    _LOGGER.info("%s", json.dumps(fields, ensure_ascii=True, separators=(",", ":")))


def log_configuration(problems: "tuple[str, ...]") -> None:
    """Write what is wrong with the settings, by name, for whoever keeps the function."""
    _LOGGER.error("%s", json.dumps({"event": "configuration_invalid", "problems": problems}, ensure_ascii=True))


def log_crash(request_id: str | None) -> None:
    """Write the traceback of what nobody foresaw.

    Only the frames and the exception's class: its text may hold what a caller sent.
    """
    import sys  # noqa: PLC0415 -- only ever needed when all else failed
    import traceback  # noqa: PLC0415 -- the same

    kind, _, trace = sys.exc_info()
    frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
    told = {"event": "crash", "fc_request_id": request_id, "type": kind.__name__ if kind else None, "frames": frames}
    _LOGGER.error("%s", json.dumps(told, ensure_ascii=True))
