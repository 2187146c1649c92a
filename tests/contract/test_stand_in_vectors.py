"""The stand-in's own signature code against published vectors: it must be right before it may judge others."""

import hashlib

import pytest

from tests.local.sls.signatures import Signable, canonical_request_v4, signature_v1, signature_v4

V1_HEADERS = {"x-log-apiversion": "0.6.0", "x-log-signaturemethod": "hmac-sha1"}
GO_HEADERS = {**V1_HEADERS, "x-log-bodyrawsize": "0", "date": "Mon, 3 Jan 2010 08:33:47 GMT"}
GO_BODY = "0a320a1e08f8b2939e0512160a07546573744b6579120b54657374436f6e74656e741a00220e31302e3233302e3230312e313137"
GO_BODY_HEADERS = {
    "x-log-bodyrawsize": "50",
    "content-type": "application/x-protobuf",
    "content-md5": hashlib.md5(bytes.fromhex(GO_BODY), usedforsecurity=False).hexdigest().upper(),
}

V4_HEADERS = {"hello": "world", "hello-text": "a12X- ", " ko ": "", "x-log-test": "het123", "x-acs-ppp": "dds"}
V4_QUERY = {" abc": "efg", " agc ": "", "": "efg", "A-bc": "eFg"}
V4_ODD_QUERY = {**V4_QUERY, "abs-ij*asd/vc": "a~js+d ada", "a abAas123/vc": "a~jdad a2ADFs+d ada"}
V4_BODY = b"adasd= -asd zcas"

CHECKPOINT_BODY = b'{"shard":0,"checkpoint":"MTUyNDE1NTM3OTM3MzkwODQ5Ng=="}'
CHECKPOINT_PATH = "/logstores/my-store/consumergroups/my-group"
CHECKPOINT_QUERY = {"type": "checkpoint", "consumer": "", "forceSuccess": "true"}
CHECKPOINT_HEADERS = {
    "host": "my-project.cn-hangzhou.log.aliyuncs.com",
    "x-log-apiversion": "0.6.0",
    "content-type": "application/json",
    "x-log-bodyrawsize": "55",
}
TOKEN = {"x-acs-security-token": "tok/+=1"}


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def v4(method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes, date: str) -> Signable:
    signed = {**headers, "x-log-date": date, "x-log-content-sha256": sha256(body)}
    return Signable(method, path, query, signed, sha256(body))


def v1_checkpoint(extra: dict[str, str]) -> Signable:
    headers = {
        **CHECKPOINT_HEADERS,
        **extra,
        "x-log-signaturemethod": "hmac-sha1",
        "content-md5": "59457BAFB3F85A5117BDE243947583B0",
        "date": "Mon, 09 Nov 2026 06:11:16 GMT",
    }
    return Signable("POST", CHECKPOINT_PATH, CHECKPOINT_QUERY, headers)


def v4_checkpoint(extra: dict[str, str]) -> Signable:
    headers = {**CHECKPOINT_HEADERS, **extra}
    return v4("POST", CHECKPOINT_PATH, CHECKPOINT_QUERY, headers, CHECKPOINT_BODY, "20261109T061116Z")


@pytest.mark.parametrize(
    ("parts", "secret", "signature"),
    [
        pytest.param(
            Signable("GET", "/logstores", {}, GO_HEADERS),
            "mockAccessKeySecret",
            "Rwm6cTKzoti4HWoe+GKcb6Kv07E=",
            id="go-without-body",
        ),
        pytest.param(
            Signable("GET", "/logstores/app_log", {}, {**GO_HEADERS, **GO_BODY_HEADERS}),
            "mockAccessKeySecret",
            "87xQWqFaOSewqRIma8kPjGYlXHc=",
            id="go-with-body",
        ),
        pytest.param(
            Signable("GET", "/", {}, {**V1_HEADERS, "date": "Thu, 01 Jan 1970 00:00:00 GMT"}),
            "",
            "SApFTtfTFKHmzdEdaMe5TjNn+RQ=",
            id="rust-empty-key",
        ),
        pytest.param(v1_checkpoint({}), "testsecret", "5aDGa0HvGVYp5ISPI29BCKKZGhQ=", id="python-checkpoint"),
        pytest.param(v1_checkpoint(TOKEN), "testsecret", "teecIrmilTmKmg3cPWZNS06XSrs=", id="python-with-token"),
    ],
)
def test_v1_signatures_are_the_published_ones(parts: Signable, secret: str, signature: str) -> None:
    assert signature_v1(parts, secret) == signature


@pytest.mark.parametrize(
    ("parts", "region", "signature"),
    [
        pytest.param(
            v4("POST", "/logstores", V4_QUERY, V4_HEADERS, V4_BODY, "20220808T032330Z"),
            "cn-hangzhou",
            "a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed",
            id="post",
        ),
        pytest.param(
            v4("POST", "/logstores", {}, {}, V4_BODY, "20220808T032330Z"),
            "cn-shanghai",
            "8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8",
            id="other-region",
        ),
        pytest.param(
            v4("POST", "/logstores", V4_QUERY, V4_HEADERS, b"", "20220808T032330Z"),
            "cn-hangzhou",
            "5a66d8f8051983e0e9d08e0f960ef9252ef971eead5bb5c7acec8617a2eb2701",
            id="empty-body",
        ),
        pytest.param(
            v4("GET", "/logstores", V4_QUERY, V4_HEADERS, b"", "20220808T032330Z"),
            "cn-hangzhou",
            "d92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a",
            id="get",
        ),
        pytest.param(
            v4("POST", "/logstores/hello/a+*~bb/cc", V4_ODD_QUERY, V4_HEADERS, V4_BODY, "20220808T032330Z"),
            "cn-hangzhou",
            "2c204068e961a8813a6bcf7ac422f7fa6e9bf9a5da493e0165dfe100854d18ff",
            id="odd-path-and-query",
        ),
    ],
)
def test_v4_signatures_are_the_published_ones(parts: Signable, region: str, signature: str) -> None:
    assert signature_v4(parts, "zxasdasdasw2", region) == signature


@pytest.mark.parametrize(
    ("extra", "signature"),
    [
        pytest.param({}, "166410583d5a141861ca78d06458a9c6151d2862337a5c28d61a5b409f824622", id="long-term-key"),
        pytest.param(TOKEN, "905b1403705015dd3711e9fa631a94085a6230395722a7b9cbe1dfc3521f754d", id="with-token"),
    ],
)
def test_v4_signature_of_a_checkpoint_write_is_the_python_sdks(extra: dict[str, str], signature: str) -> None:
    assert signature_v4(v4_checkpoint(extra), "testsecret", "cn-hangzhou") == signature


def test_v4_canonical_request_is_the_documented_one() -> None:
    hashed = sha256(canonical_request_v4(v4_checkpoint({})).encode())

    assert hashed == "5e34dce3fd9cb5ce94630db97c44d51af7c0562af319850998963b517bc335bc"
