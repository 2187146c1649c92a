"""Fixtures for the tests of all parts together."""

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence


@pytest.fixture(scope="session")
def world_evidence(functions: FunctionCaller, evidence: Evidence) -> Evidence:
    """What worlds leave behind: all evidence, in which the logs of `functions` come first and are looked for there."""
    assert functions.url
    return evidence
