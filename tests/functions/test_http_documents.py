"""The documents that anybody may read: index, JSON Schema, OpenAPI."""

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from shared.command_parser import parse_command
from shared.errors import InvalidCommandError
from shared.fc.responses import STATUS_BY_CODE
from tests.functions.caller import RESULT_SCHEMA, FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.local.environment import CHECKOUT
from tests.local.sls.server import StandInServer

TARGET = {"target": "shop/orders/billing"}


def read(functions: FunctionCaller, path: str) -> Any:  # noqa: ANN401 -- any JSON document
    answer = functions.send("GET", f"/command{path}", {})
    assert answer.status == 200
    return answer.json


@pytest.fixture(scope="module", name="schema")
def _schema(functions: FunctionCaller) -> Any:  # noqa: ANN401 -- any JSON document
    return read(functions, "/schema")


def test_the_index_names_every_path_and_links_to_the_documents(functions: FunctionCaller) -> None:
    index = read(functions, "")

    assert index["paths"].keys() == {"/", "/schema", "/openapi.json", "/cloudmonitor/{token}"}
    assert [read(functions, link) for link in index["links"].values()]
    assert (index["name"], len(json.dumps(index)) < 1000) == ("sls-rewind", True)


@pytest.mark.parametrize("path", ["", "/schema", "/openapi.json"])
def test_a_document_needs_no_caller_no_setting_and_no_sls(
    make_functions: MakeFunctions, functions: FunctionCaller, sls: StandInServer, path: str
) -> None:
    with make_functions(settings={"REWIND_SIGNATURE": "v9", "REWIND_POLICY": "/nowhere"}) as broken:
        answer = broken.send("GET", f"/command{path}", {"Authorization": "Bearer nobody"})

    assert (answer.status, answer.json) == (200, read(functions, path))
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert sls.control("requests") == []


def test_no_document_is_made_before_somebody_asks_for_it() -> None:
    probe = (
        "import sys, functions.command.index as index\n"
        "loaded = [name for name in sys.modules if name.startswith('shared.fc.description')]\n"
        "assert loaded == [], loaded\n"
        'assert index.handler(b\'{"rawPath": "/schema", "headers": {}, "body": "",'
        ' "requestContext": {"http": {"method": "GET"}}}\', None)[\'statusCode\'] == 200\n'
        "assert 'shared.fc.description.documents' in sys.modules\n"
    )

    done = subprocess.run([sys.executable, "-c", probe], cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own probe

    assert done.stderr == ""


def test_the_schema_is_one_of_2020_12_and_takes_a_command_or_a_result(functions: FunctionCaller, schema: Any) -> None:  # noqa: ANN401 -- any JSON document
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert validator.is_valid({"action": "describe", **TARGET})
    assert validator.is_valid(functions.run({"action": "describe", **TARGET}).json)
    assert not validator.is_valid({"action": "describe", **TARGET, "ok": True})


def test_answers_of_every_kind_are_what_the_schema_says(functions: FunctionCaller, shop: Shop, schema: Any) -> None:  # noqa: ANN401 -- any JSON document
    result = jsonschema.Draft202012Validator({"$ref": "#/$defs/Result", "$defs": schema["$defs"]})
    planned = functions.run({"action": "rewind", **TARGET, "to": {"shift": -5}}).json
    wanted: list[dict[str, object]] = [
        {"action": "list_consumer_groups", "target": "shop/orders"},
        {"action": "describe", **TARGET},
        {"action": "peek", **TARGET, "shard": 0},
        {"action": "update_consumer_group", **TARGET, "timeout": 90},
        {"action": "update_checkpoint", **TARGET, "shard": 0, "checkpoint": shop.cursor(0, 5), "dry_run": True},
        dict(planned["next"][0]),
        {"action": "history", **TARGET},
        {"action": "snapshot", **TARGET},
        {"action": "describe", "target": "shop/orders/nobody"},
        {"action": "explode"},
        {"action": "apply", "plan_id": "a" * 10},
        {"action": "batch", "commands": [{"action": "describe", **TARGET}, {"action": "describe", "target": "a/b/c"}]},
    ]

    answers = [planned, *(functions.run(command).json for command in wanted)]
    answers += [functions.run(command).json for command in answers[6]["next"]]

    for answer in answers:
        result.validate(answer)
    assert {answer["status"] for answer in answers} >= {"read", "planned", "applied", "refused", "failed"}


CLOCKS = ("00:00", "23:59:59", "24:00", "0:00", "00", "0000", "T00:00", "00:00:00.5", "00:00Z")
IN_UTC = {"zone": "UTC"}


def is_valid(schema: Any, command: dict[str, Any]) -> bool:  # noqa: ANN401 -- any JSON document
    definitions = schema["$defs"]
    return jsonschema.Draft202012Validator({**definitions["Rewind"], "$defs": definitions}).is_valid(command)


def is_read(command: dict[str, Any]) -> bool:
    try:
        parse_command(json.dumps(command).encode())
    except InvalidCommandError:
        return False
    return True


@pytest.mark.parametrize(
    "to",
    [
        *("begin", "2h", "PT2H", "2026-11-20T01:30Z", "2026-11-20", "0h", 0, -1, None, [], {"as_of": "2h"}),
        *({"checkpoints": {shard: "MTIz"}} for shard in ("0", "00", "2147483647", "2147483648", "99999999999")),
        *({"local": at, **IN_UTC} for at in CLOCKS),
        *({"local": "00:00", "zone": zone} for zone in ("UTC", None, 8)),
        *({"local": "00:00", "day": day, **IN_UTC} for day in ("yesterday", "tomorrow", None)),
    ],
    ids=str,
)
def test_the_schema_takes_the_goals_that_the_parser_takes(schema: Any, to: object) -> None:  # noqa: ANN401 -- any JSON document
    command = {"action": "rewind", **TARGET, "to": to}

    assert is_valid(schema, command) == is_read(command)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ({"to": {"local": "00:00", "zone": "Mars/Olympus"}}, "a zone that is not known"),
        ({"to": {"checkpoints": {"0": "MTIz", "1": "MTIz"}}, "shards": [0]}, "`shards` that leave out one"),
        ({"to": {"shift": 1.0}}, "written as 1.0"),
        ({"to": "2027-02-29T00:00Z"}, "the 29th of a February"),
    ],
    ids=["zone", "shards", "float", "day"],
)
def test_the_schema_says_what_it_takes_and_the_parser_refuses(schema: Any, command: dict[str, Any], said: str) -> None:  # noqa: ANN401 -- any JSON document
    told = {"action": "rewind", **TARGET, **command}

    assert (is_valid(schema, told), is_read(told)) == (True, False)
    assert said in schema["$defs"]["Command"]["description"]


def test_the_schema_of_results_is_as_strict_as_the_contract(schema: Any) -> None:  # noqa: ANN401 -- any JSON document
    told = schema["$defs"]["Result"]

    assert set(told["required"]) == set(RESULT_SCHEMA["required"])
    assert told["properties"].keys() == RESULT_SCHEMA["properties"].keys()
    assert told["additionalProperties"] is False
    for name, contract in (("ShardResult", "shard"), ("Error", "error"), ("Position", "position")):
        ours, theirs = schema["$defs"][name], RESULT_SCHEMA["$defs"][contract]
        assert (set(ours["required"]), ours["additionalProperties"]) == (set(theirs["required"]), False)
        assert ours["properties"].keys() == theirs["properties"].keys()


def test_a_schema_has_the_actions_and_statuses_of_the_contract(schema: Any) -> None:  # noqa: ANN401 -- any JSON document
    definitions = schema["$defs"]

    statuses = [definitions["Result"]["properties"]["status"], definitions["ShardResult"]["properties"]["status"]]
    contract = [RESULT_SCHEMA["properties"]["status"], RESULT_SCHEMA["$defs"]["shard"]["properties"]["status"]]
    assert [set(status["enum"]) for status in statuses] == [set(status["enum"]) for status in contract]


def test_openapi_tells_every_path_and_method_that_is_taken(functions: FunctionCaller) -> None:
    told = read(functions, "/openapi.json")

    assert told["openapi"].startswith("3.1")
    for path, item in told["paths"].items():
        methods = {method.upper() for method in item if method != "parameters"}
        allow = functions.send("OPTIONS", f"/command{path}", {}).headers["allow"]
        assert methods == set(allow.split(", "))


def test_openapi_tells_every_status_of_the_table_as_a_problem(functions: FunctionCaller) -> None:
    responses = read(functions, "/openapi.json")["paths"]["/"]["post"]["responses"]

    problems = {int(status) for status, told in responses.items() if "application/problem+json" in told["content"]}
    assert problems == {*STATUS_BY_CODE.values(), 502}
    assert responses.keys() - set(map(str, problems)) == {"200", "202"}


def test_openapi_tells_how_a_caller_proves_who_it_is(functions: FunctionCaller) -> None:
    told = read(functions, "/openapi.json")

    schemes = told["components"]["securitySchemes"]
    assert schemes.keys() == {"bearer", "standardWebhooks", "gitHub", "grafana"}
    assert [list(way) for way in told["paths"]["/"]["post"]["security"]] == [[name] for name in schemes]


def test_openapi_points_only_to_what_it_holds(functions: FunctionCaller) -> None:
    told = read(functions, "/openapi.json")
    pointers = {part.split('"')[0] for part in json.dumps(told).split('"$ref": "')[1:]}

    assert pointers
    assert {pointer.rpartition("/")[0] for pointer in pointers} == {"#/components/schemas"}
    assert {pointer.rpartition("/")[2] for pointer in pointers} <= told["components"]["schemas"].keys()


def test_the_documents_tell_the_version_of_the_project(functions: FunctionCaller) -> None:
    version = read(functions, "")["version"]

    assert f'version = "{version}"' in (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert read(functions, "/openapi.json")["info"]["version"] == version
