from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode

import aliyun.log.auth
import pytest
import requests
from aliyun.log.credentials import StaticCredentialsProvider
from hypothesis import given
from hypothesis import strategies as st

from shared.settings import SignatureVersion
from shared.sls.credentials import Credentials
from shared.sls.signer import SignableRequest, SlsAuth
from tests.fuzz.amount import some
from tests.unit.sls.stages import assert_same_stages, stages_v1, stages_v4

PEER: Any = aliyun.log.auth  # without types
NOW = datetime(2026, 11, 9, 6, 11, 16, tzinfo=timezone.utc)
REGION = "cn-hangzhou"
MANY = some(500)

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
odd_texts = texts | st.sampled_from(["", "=+/", "MTUyNA==", "a+b/c==", "c 1/中", "~*'()!", "%2B", "&", "?", "#", " "])
names = st.from_regex(r"[A-Za-z][A-Za-z_-]{0,11}", fullmatch=True)
header_texts = st.from_regex(r"(?:[!-~](?:[ -~]{0,10}[!-~])?)?", fullmatch=True)
paths = st.lists(odd_texts.map(lambda text: text.replace("/", "")), max_size=4).map(lambda parts: "/" + "/".join(parts))
requests_to_sign = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        "path": paths,
        "query": st.dictionaries(names, odd_texts, max_size=5),
        "headers": st.fixed_dictionaries(
            {"Host": st.just("shop.cn-hangzhou.log.aliyuncs.com")},
            optional={
                "Content-Type": st.sampled_from(["application/json", "application/x-protobuf"]),
                "x-log-apiversion": st.just("0.6.0"),
                "x-log-bodyrawsize": st.integers(0, 99).map(str),
                "x-log-mode": header_texts,
                "x-acs-note": header_texts,
                "User-Agent": header_texts,
            },
        ),
        "body": st.binary(max_size=64) | st.just(b""),
        "token": st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,40}", fullmatch=True),
        "access_key_id": st.from_regex(r"[A-Za-z0-9.]{1,24}", fullmatch=True),
        "access_key_secret": st.from_regex(r"[!-~]{1,30}", fullmatch=True),
    }
)


class FrozenDatetime:
    @staticmethod
    def utcnow() -> datetime:
        return NOW


@pytest.fixture(autouse=True, scope="module")
def frozen_peer() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PEER, "datetime", FrozenDatetime)
        yield


class Recorder:
    """Lets a function of the peer run, and keeps a text that it takes or gives."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.stages: dict[str, str] = {}

    def keep_argument(self, owner: type, function: str, position: int, stage: str) -> None:
        original = getattr(owner, function)

        def recording(*arguments: str) -> str:
            self.stages[stage] = arguments[position]
            return str(original(*arguments))

        self.patch.setattr(owner, function, staticmethod(recording))

    def keep_result(self, owner: type, function: str, stage: str) -> None:
        original = getattr(owner, function)

        def recording(*arguments: object) -> str:
            self.stages[stage] = original(*arguments)
            return self.stages[stage]

        self.patch.setattr(owner, function, staticmethod(recording))


def peers_stages(case: dict[str, Any], version: SignatureVersion) -> tuple[dict[str, str], dict[str, str]]:
    credentials = StaticCredentialsProvider(case["access_key_id"], case["access_key_secret"], case["token"])
    headers = dict(case["headers"])
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(patch)
        recorder.keep_argument(PEER.Util, "hmac_sha1", 0, "string_to_sign")
        recorder.keep_result(PEER.AuthV4, "build_canonical_request", "canonical_form")
        recorder.keep_argument(PEER.AuthV4, "build_sign_key", 3, "string_to_sign")
        peer = PEER.make_auth(credentials, version, REGION)
        peer.sign_request(case["method"], case["path"], case["query"], headers, case["body"])
    return recorder.stages | {"authorization": headers.pop("Authorization")}, headers


@MANY
@given(case=requests_to_sign)
def test_version_1_signs_as_the_official_signer_does(case: dict[str, Any]) -> None:
    expected, headers = peers_stages(case, "v1")
    request = SignableRequest(case["method"], case["path"], case["query"], headers, case["body"])

    ours = stages_v1(request, case["access_key_id"], case["access_key_secret"])

    assert_same_stages(ours, expected)


@MANY
@given(case=requests_to_sign)
def test_version_4_signs_as_the_official_signer_does(case: dict[str, Any]) -> None:
    expected, headers = peers_stages(case, "v4")
    request = SignableRequest(case["method"], case["path"], case["query"], headers, case["body"])

    ours = stages_v4(request, case["access_key_id"], case["access_key_secret"], signed_at=NOW, region=REGION)

    assert_same_stages(ours, expected)


@MANY
@given(case=requests_to_sign, version=st.sampled_from(["v1", "v4"]), zone_h=st.integers(-12, 12))
def test_auth_signs_what_is_on_the_wire_as_the_official_signer_does(
    case: dict[str, Any], version: SignatureVersion, zone_h: int
) -> None:
    case = case | {"path": "/logstores/shop-orders_1/shards/0"}
    expected, _ = peers_stages(case, version)
    query = f"?{urlencode(case['query'], quote_via=quote, safe='')}" if case["query"] else ""
    auth = SlsAuth(
        Credentials(case["access_key_id"], case["access_key_secret"], case["token"]),
        signature=version,
        region=REGION,
        clock=lambda: NOW.astimezone(timezone(timedelta(hours=zone_h))),
    )
    url = f"https://{case['headers']['Host']}{case['path']}{query}"

    sent = requests.Request(case["method"], url, headers=case["headers"], data=case["body"], auth=auth).prepare()

    assert sent.headers["Authorization"] == expected["authorization"]
