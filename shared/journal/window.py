"""How far a record sees back and ahead: what whoever reads when it is written goes by, and so must everybody else."""

WINDOW_S = 72 * 3600
"""How far back the journal is read."""

LONGEST_LEASE_S = 86_400 + 60
"""As long as the platform lets any invocation run, and a little for rounding."""

MOST_AHEAD_S = 3_600
"""How far a record may be dated ahead of one that stands behind it. Ours carry SLS's own time, to a few seconds."""

READ_S = WINDOW_S + 86_400
"""How far back whoever begins asks for: SLS goes by when it received a record, which may be dated ahead of that."""


def sees(later_unix: float, earlier_unix: int) -> bool:
    """Return whether what is written at one time goes by what stands before it and bears another.

    Both are times that records tell, never a reader's: who reads now and who reads tomorrow must come to the same.
    """
    return later_unix - WINDOW_S <= earlier_unix <= later_unix + MOST_AHEAD_S
