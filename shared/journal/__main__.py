"""`python -m shared.journal create`: make the journal that REWIND_JOURNAL names."""

import argparse
import random
import sys
import time
from datetime import datetime, timezone

from shared.errors import ConfigurationError, RewindError
from shared.journal.create import create_journal
from shared.settings import load_settings
from shared.sls.client import SlsClient, Surroundings, new_session
from shared.sls.credentials import read_credentials

_TIME_S = 60.0


def main(arguments: list[str] | None = None) -> int:
    """Carry out the command and return the exit status: 0 if the journal is there and in order."""
    parser = argparse.ArgumentParser(prog="python -m shared.journal", description=__doc__)
    parser.add_argument("command", choices=["create"], help="make the Logstore and its index where they are missing")
    parser.parse_args(arguments)
    try:
        for sentence in _create():
            print(sentence)  # noqa: T201 -- a command speaks
    except RewindError as error:
        print(f"{error.message}\n{error.hint or ''}".strip(), file=sys.stderr)  # noqa: T201 -- a command speaks
        return 1
    return 0


def _create() -> list[str]:
    settings = load_settings()
    if settings.journal is None:
        raise ConfigurationError(
            ["REWIND_JOURNAL: missing"], hint="Set it to <project>/<logstore>; the project exists."
        )
    project, logstore = settings.journal
    ends_s = time.monotonic() + _TIME_S
    surroundings = Surroundings(
        remaining_s=lambda: ends_s - time.monotonic(),
        now=lambda: datetime.now(timezone.utc),
        sleep=time.sleep,
        random=random.random,
    )
    with new_session(1) as session:
        client = SlsClient(settings.endpoint(project), read_credentials(None), session, surroundings)
        return create_journal(client, logstore)


if __name__ == "__main__":
    sys.exit(main())
