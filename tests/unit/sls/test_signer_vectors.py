import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from shared.settings import SignatureVersion
from shared.sls.credentials import Credentials
from shared.sls.signer import SignableRequest, SlsAuth
from tests.unit.sls.stages import STAGES, assert_same_stages, stages_v1, stages_v4

VECTORS = Path(__file__).parents[2] / "vectors"
CASES = sorted(path.parent for path in VECTORS.glob("v[14]/*/request.json"))
WHOLE_CASES = [case for case in CASES if "signed_at" in (case / "request.json").read_text()]
SET_BY_SIGNER = {
    "content-md5",
    "date",
    "x-acs-security-token",
    "x-log-content-sha256",
    "x-log-date",
    "x-log-signaturemethod",
}


def case_name(case: Path) -> str:
    return f"{case.parent.name}-{case.name}"


def read_case(case: Path) -> tuple[dict[str, Any], dict[str, str]]:
    given = json.loads((case / "request.json").read_text())
    files = {stage: case / f"{stage}.txt" for stage in STAGES}
    return given, {stage: path.read_text().removesuffix("\n") for stage, path in files.items() if path.exists()}


def body_of(given: dict[str, Any]) -> bytes:
    return bytes.fromhex(given["body_hex"]) if "body_hex" in given else given["body"].encode()


def signable(given: dict[str, Any]) -> SignableRequest:
    return SignableRequest(given["method"], given["path"], given["query"], given["headers"], body_of(given))


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_each_stage_gives_the_text_that_other_signers_give(case: Path) -> None:
    given, expected = read_case(case)
    pair = (given["access_key_id"], given["access_key_secret"])

    if case.parent.name == "v1":
        ours = stages_v1(signable(given), *pair)
    else:
        moment = datetime.strptime(given["headers"]["x-log-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        ours = stages_v4(signable(given), *pair, signed_at=moment, region=given["region"])

    assert_same_stages(ours, expected)


@pytest.mark.parametrize("case", WHOLE_CASES, ids=case_name)
def test_auth_gives_a_request_the_headers_that_other_signers_give(case: Path) -> None:
    given, expected = read_case(case)
    token = given["headers"].get("x-acs-security-token")
    version: SignatureVersion = "v1" if case.parent.name == "v1" else "v4"
    unsigned = {name: text for name, text in given["headers"].items() if name.lower() not in SET_BY_SIGNER}
    url = f"https://{unsigned['Host']}{given['path']}?{urlencode(given['query'], quote_via=quote)}"
    auth = SlsAuth(
        Credentials(given["access_key_id"], given["access_key_secret"], token),
        signature=version,
        region=given.get("region"),
        clock=lambda: datetime.fromisoformat(given["signed_at"]),
    )

    sent = requests.Request(given["method"], url, headers=unsigned, data=body_of(given), auth=auth).prepare()

    assert {name: sent.headers[name] for name in given["headers"]} == given["headers"]
    assert sent.headers["Authorization"] == expected["authorization"]
