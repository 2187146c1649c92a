from pathlib import Path

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop

BROKEN = """
[[rules]]
principals = ["webhook:local"]
actions = ["describe", "explode-secretly"]
targets = ["*/*/*"]
"""
NO_ZONE = 'default_time_zone = "Mars/explode"' + BROKEN.replace("explode-secretly", "rewind")
DESCRIBE = {"action": "describe", "target": "shop/orders/billing"}
OF_ITS_REQUEST = {"fc_request_id", "elapsed_ms"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BROKEN, "rules[0].actions[1]: not a valid entry"),
        (NO_ZONE, "default_time_zone: not a zone such as Asia/Shanghai"),
    ],
    ids=["action", "zone"],
)
def test_a_broken_policy_denies_as_any_other_does_and_only_the_log_says_why(
    functions: FunctionCaller,
    make_functions: MakeFunctions,
    evidence: Evidence,
    shop: Shop,
    tmp_path: Path,
    text: str,
    problem: str,
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    denied = functions.run(DESCRIBE, caller="stranger")

    with make_functions(settings={"REWIND_POLICY": str(path)}) as broken:
        answers = [broken.run(command) for command in (DESCRIBE, {**DESCRIBE, "target": "orders"})]
        logged = [line for line in evidence.logs[-1].lines if "configuration_invalid" in line]

    for answer in answers:
        same = {key: value for key, value in denied.json.items() if key not in OF_ITS_REQUEST}
        assert {key: value for key, value in answer.json.items() if key not in OF_ITS_REQUEST} == same
        assert (answer.status, b"explode" in answer.body) == (403, False)
    assert len(logged) == 2
    assert all(problem in line for line in logged)
    assert shop.calls() == []
