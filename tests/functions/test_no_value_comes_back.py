"""A caller's value never comes back in an error: it may be a secret that went into the wrong field."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from tests.functions.caller import FunctionCaller
from tests.fuzz.amount import some
from tests.local.sls.server import StandInServer

FIELDS = [
    "action",
    "target",
    "project",
    "logstore",
    "consumer_group",
    "consumerGroup",
    "watch_s",
    "timeout",
    "order",
    "dry_run",
    "reason",
    "shard",
    "checkpoint",
    "checkpoints",
    "consumer",
    "force_success",
    "forceSuccess",
    "commands",
    "stop_on_error",
    "to",
    "at",
    "shards",
    "count",
    "limit",
    "since",
    "plan_id",
    "operation_id",
    "on_expired",
    "wait_free_s",
    "password",
]
ACTIONS = [
    "list_consumer_groups",
    "describe",
    "peek",
    "update_consumer_group",
    "update_checkpoint",
    "seek",
    "rewind",
    "skip",
    "apply",
    "undo",
    "resume",
    "verify",
    "history",
    "batch",
]

# Long enough to stand nowhere by chance; a path's and a name's own signs are among the letters.
markers = st.text("0123456789abcdefghijklmnopqrstuvwxyz-_./ :+=", min_size=24, max_size=60).map(lambda s: f"Zq{s}qZ")


def wrapped(marker: str) -> st.SearchStrategy[object]:
    forms: list[object] = [marker, [marker], {"0": marker}, [{"action": marker}], {"x": [marker]}, f"a/{marker}/b"]
    return st.sampled_from(forms)


@st.composite
def marked_commands(draw: st.DrawFn) -> tuple[str, Mapping[str, object]]:
    marker = draw(markers)
    fields = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True))
    command = {"action": draw(st.sampled_from(ACTIONS)), **{field: draw(wrapped(marker)) for field in fields}}
    if draw(st.booleans()):
        command = {"action": "batch", "commands": [command]}
    return marker, command


@some(300)
@given(marked=marked_commands())
def test_no_value_of_a_refused_command_comes_back(
    functions: FunctionCaller, sls: StandInServer, marked: tuple[str, Mapping[str, object]]
) -> None:
    marker, command = marked

    answer = functions.run(command)

    assert answer.status in {400, 403}
    assert marker not in answer.body.decode()
    assert marker[2:-2] not in str(answer.headers)
    assert sls.control("requests") == []


@some(100)
@given(body=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_body_gets_an_answer_of_the_contract(functions: FunctionCaller, sls: StandInServer, body: bytes) -> None:
    answer = functions.post(body, Content_Type="application/octet-stream")

    assert answer.status == 400
    assert sls.control("requests") == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@some(300)
@given(
    action=st.sampled_from(ACTIONS),
    values=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), json_values, max_size=6),
)
def test_any_json_gets_an_answer_of_the_contract(
    functions: FunctionCaller, sls: StandInServer, action: str, values: Mapping[str, object]
) -> None:
    answer = functions.run({"action": action, **values})

    assert answer.status in {400, 403}
    assert sls.control("requests") == []
