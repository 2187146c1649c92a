from datetime import datetime, timezone

import pytest
import requests

from shared.errors import ConfigurationError
from shared.settings import SignatureVersion
from shared.sls.credentials import Credentials
from shared.sls.signer import SignableRequest, SlsAuth, content_md5, string_to_sign_v1

CREDENTIALS = Credentials("id", "secret", "token")


def clock_at(second: int) -> datetime:
    return datetime(2026, 11, 9, 6, 11, second, tzinfo=timezone.utc)


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_a_request_signed_twice_is_as_if_signed_once(signature: SignatureVersion) -> None:
    def auth(second: int) -> SlsAuth:
        return SlsAuth(CREDENTIALS, signature=signature, region="cn-hangzhou", clock=lambda: clock_at(second))

    once = requests.Request("PUT", "https://shop.example/a?b=c", data=b"{}", auth=auth(2)).prepare()
    twice = requests.Request("PUT", "https://shop.example/a?b=c", data=b"{}", auth=auth(1)).prepare()

    assert auth(2)(twice).headers == once.headers


def test_version_4_without_a_region_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="REWIND_REGION"):
        SlsAuth(CREDENTIALS, signature="v4", region=None, clock=lambda: clock_at(0))


def test_a_signer_shows_no_secret() -> None:
    auth = SlsAuth(CREDENTIALS, signature="v1", region=None, clock=lambda: clock_at(0))

    assert "secret" not in repr(auth)


def test_version_1_takes_its_date_from_x_log_date_and_does_not_sign_that_header() -> None:
    headers = {"Date": "Mon, 09 Nov 2026 06:11:16 GMT", "x-log-date": "Mon, 09 Nov 2026 06:11:17 GMT"}

    assert string_to_sign_v1(SignableRequest("GET", "/", headers=headers)) == (
        "GET\n\n\nMon, 09 Nov 2026 06:11:17 GMT\n/"
    )


def test_content_md5_of_the_documented_sample_is_the_documented_one() -> None:
    body = b'{"shard":0,"checkpoint":"MTUyNDE1NTM3OTM3MzkwODQ5Ng=="}'

    assert content_md5(body) == "59457BAFB3F85A5117BDE243947583B0"
