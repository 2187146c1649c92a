"""What the stand-in accepts and refuses: signatures, dates, keys, tokens."""

import time
from collections.abc import Callable

import pytest

from tests.local.sls.caller import Caller
from tests.local.sls.server import StandInServer
from tests.local.sls.signing import Signer, Version

VERSIONS: list[Version] = ["v1", "v1-sha256", "v4"]
GROUPS = "/logstores/orders/consumergroups"


@pytest.fixture
def caller(sls_server: StandInServer, sls_caller: Caller) -> Caller:
    sls_server.control("logstores", {"project": "shop", "logstore": "orders", "shards": 1})
    return sls_caller


def signed(caller: Caller, body: bytes = b"", unix: float | None = None) -> dict[str, str]:
    method, query = ("PUT", None) if body else ("GET", {"shard": "0"})
    return caller.signer.headers(method, f"{GROUPS}/g", host=caller.host, query=query, body=body, unix=unix)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_signature_version_is_accepted(caller: Caller, version: Version) -> None:
    caller.use(version)

    assert caller.call("GET", GROUPS).json == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tampered_query_is_refused(caller: Caller, version: Version) -> None:
    caller.use(version)

    answer = caller.send("GET", f"{GROUPS}/g?shard=1", headers=signed(caller))

    assert (answer.status, answer.error_code) == (401, "SignatureNotMatch")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tampered_path_is_refused(caller: Caller, version: Version) -> None:
    caller.use(version)

    answer = caller.send("GET", f"{GROUPS}/h?shard=0", headers=signed(caller))

    assert (answer.status, answer.error_code) == (401, "SignatureNotMatch")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tampered_body_is_refused(caller: Caller, version: Version) -> None:
    caller.use(version)

    answer = caller.send("PUT", f"{GROUPS}/g", headers=signed(caller, b'{"timeout":30}'), body=b'{"timeout":99}')

    assert (answer.status, answer.error_code) == (401, "SignatureNotMatch")


@pytest.mark.parametrize("version", VERSIONS)
def test_an_added_log_header_is_refused(caller: Caller, version: Version) -> None:
    caller.use(version)

    answer = caller.send("GET", f"{GROUPS}/g?shard=0", headers={**signed(caller), "x-log-added": "by a proxy"})

    assert (answer.status, answer.error_code) == (401, "SignatureNotMatch")


def test_v4_covers_the_host(caller: Caller) -> None:
    answer = caller.send("GET", f"{GROUPS}/g?shard=0", headers={**signed(caller), "host": "other.cn-local.log.local"})

    assert (answer.status, answer.error_code) == (401, "SignatureNotMatch")


def test_v4_takes_the_host_with_its_port_as_sent(caller: Caller) -> None:
    caller.host = "shop.127.0.0.1:8080"

    assert caller.call("GET", GROUPS).status == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wrong_secret_is_refused(caller: Caller, version: Version) -> None:
    caller.signer = Signer(caller.signer.access_key_id, "another secret", version=version)

    answer = caller.call("GET", GROUPS)

    assert (answer.status, answer.error_code) == (401, "SignatureNotMatch")


def test_v4_of_another_region_is_refused(caller: Caller) -> None:
    signer = caller.signer
    caller.signer = Signer(signer.access_key_id, signer.access_key_secret, region="cn-hangzhou")

    assert caller.call("GET", GROUPS).error_code == "SignatureNotMatch"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("off_s", [-1000, 1000])
def test_a_date_more_than_15_minutes_off_is_refused(caller: Caller, version: Version, off_s: int) -> None:
    caller.use(version)

    answer = caller.send("GET", f"{GROUPS}/g?shard=0", headers=signed(caller, unix=time.time() + off_s))

    assert (answer.status, answer.error_code) == (400, "RequestTimeExpired")


def test_v1_reads_x_log_date_before_date_and_leaves_it_unsigned(caller: Caller) -> None:
    caller.use("v1")
    headers = signed(caller)

    answer = caller.send("GET", f"{GROUPS}/g?shard=0", headers={**headers, "x-log-date": headers["date"]})

    assert answer.error_code == "ConsumerGroupNotExist"


def test_v1_takes_an_empty_content_md5_without_a_body(caller: Caller) -> None:
    caller.use("v1-sha256")

    answer = caller.send("GET", f"{GROUPS}/g?shard=0", headers={**signed(caller), "content-md5": ""})

    assert answer.error_code == "ConsumerGroupNotExist"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_content_type_without_a_body_is_taken_as_sent(caller: Caller, version: Version) -> None:
    caller.use(version)

    assert caller.call("GET", GROUPS, headers={"content-type": "application/x-protobuf"}).status == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_meta_headers_may_be_signed_or_not(caller: Caller, version: Version) -> None:
    caller.use(version)

    assert caller.call("GET", GROUPS, headers={"x-log-meta-a": "signed"}).status == 200
    added = caller.send("GET", f"{GROUPS}/g?shard=0", headers={**signed(caller), "x-log-meta-a": "unsigned"})
    assert added.error_code == "ConsumerGroupNotExist"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_query_is_signed_decoded_whatever_its_encoding(caller: Caller, version: Version) -> None:
    caller.use(version)
    query = {"type": "heartbeat", "consumer": "c 1/中+~*"}

    answer = caller.call("POST", f"{GROUPS}/g", query=query, document=[])

    assert answer.error_code == "ConsumerGroupNotExist"


@pytest.mark.parametrize(
    ("version", "missing", "code"),
    [
        ("v4", "authorization", "MissingParameter"),
        ("v4", "x-log-date", "MissingParameter"),
        ("v4", "x-log-content-sha256", "MissingParameter"),
        ("v4", "x-log-apiversion", "MissingAPIVersion"),
        ("v1", "date", "MissingParameter"),
        ("v1", "x-log-signaturemethod", "MissingParameter"),
        ("v1", "content-md5", "MissingParameter"),
    ],
)
def test_a_missing_header_is_named(caller: Caller, version: Version, missing: str, code: str) -> None:
    caller.use(version)
    headers = signed(caller, b'{"timeout":30}')
    del headers[missing]

    answer = caller.send("PUT", f"{GROUPS}/g", headers=headers, body=b'{"timeout":30}')

    assert (answer.status, answer.error_code) == (400, code)
    assert missing in answer.json["errorMessage"]


@pytest.mark.parametrize(
    ("version", "header", "value", "code"),
    [
        ("v4", "authorization", "Basic abc", "ParameterInvalid"),
        ("v4", "x-log-date", "yesterday", "InvalidRequestTime"),
        ("v1", "date", "yesterday", "InvalidRequestTime"),
        ("v1", "x-log-signaturemethod", "hmac-md5", "ParameterInvalid"),
    ],
)
def test_a_malformed_header_is_refused(caller: Caller, version: Version, header: str, value: str, code: str) -> None:
    caller.use(version)

    answer = caller.send("GET", f"{GROUPS}/g?shard=0", headers={**signed(caller), header: value})

    assert (answer.status, answer.error_code) == (400, code)


def test_an_unknown_key_is_refused(caller: Caller) -> None:
    caller.signer = Signer("nobody", "a secret")

    answer = caller.call("GET", GROUPS)

    assert (answer.status, answer.error_code) == (401, "Unauthorized")
    assert answer.json["errorMessage"] == "AccessKeyId not found: nobody"


@pytest.fixture
def add_token_key(sls_server: StandInServer) -> Callable[[float], None]:
    def add(expires_unix: float) -> None:
        key = {"access_key_id": "STS.local", "access_key_secret": "sts secret", "security_token": "the token"}
        sls_server.control("credentials", {**key, "expires_unix": expires_unix})

    return add


@pytest.mark.parametrize("version", VERSIONS)
def test_a_temporary_key_needs_its_token(
    caller: Caller, version: Version, add_token_key: Callable[[float], None]
) -> None:
    add_token_key(time.time() + 600)

    caller.signer = Signer("STS.local", "sts secret", version=version, security_token="the token")
    accepted = caller.call("GET", GROUPS)
    caller.signer = Signer("STS.local", "sts secret", version=version, security_token="another token")
    wrong = caller.call("GET", GROUPS)
    caller.signer = Signer("STS.local", "sts secret", version=version)
    missing = caller.call("GET", GROUPS)

    assert accepted.status == 200
    assert (wrong.status, wrong.error_code) == (missing.status, missing.error_code) == (401, "Unauthorized")


def test_an_expired_token_is_refused_in_the_documented_words(
    caller: Caller, add_token_key: Callable[[float], None]
) -> None:
    add_token_key(time.time() - 1)
    caller.signer = Signer("STS.local", "sts secret", security_token="the token")

    answer = caller.call("GET", GROUPS)

    assert (answer.status, answer.error_code) == (401, "Unauthorized")
    assert answer.json["errorMessage"] == "The security token you provided has expired."
