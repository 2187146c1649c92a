from datetime import datetime, timedelta, timezone

from shared.sls.credentials import Credentials
from shared.sls.signer import SignableRequest, SlsAuth, canonical_form_v4, signature_v4, string_to_sign_v4

REQUEST = SignableRequest("GET", "/logstores", headers={"Host": "shop.cn-hangzhou.log.aliyuncs.com"})
LAST_SECOND = datetime(2026, 11, 9, 23, 59, 59, tzinfo=timezone.utc)


def expected(signed_at: datetime, headers: dict[str, str]) -> str:
    """Return the signature that the pure stages give."""
    named = {**REQUEST.headers, **{name: value for name, value in headers.items() if name != "Authorization"}}
    form = canonical_form_v4(SignableRequest(REQUEST.method, REQUEST.path, headers=named))
    to_sign = string_to_sign_v4(form, signed_at=signed_at, region="cn-hangzhou")
    return signature_v4("secret", to_sign, signed_at=signed_at, region="cn-hangzhou")


def test_a_signer_signs_every_second_and_every_day_as_if_it_were_its_first() -> None:
    now = LAST_SECOND
    auth = SlsAuth(Credentials("id", "secret", "token"), signature="v4", region="cn-hangzhou", clock=lambda: now)

    for seconds in (0, 0, 1, 2, 86_400, 0):
        now = LAST_SECOND + timedelta(seconds=seconds)
        headers = auth.sign(REQUEST)
        assert headers["x-log-date"] == now.strftime("%Y%m%dT%H%M%SZ")
        assert headers["Authorization"].endswith(f"Signature={expected(now, headers)}")


class _CountedSecret(str):  # noqa: SLOT000 -- it counts
    """A secret that counts how often something is made of it."""

    uses = 0

    def __format__(self, spec: str) -> str:
        self.uses += 1
        return super().__format__(spec)

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        self.uses += 1
        return super().encode(encoding, errors)


def test_a_signer_makes_its_key_of_the_secret_once_a_day() -> None:
    now, secret, uses = LAST_SECOND - timedelta(hours=1), _CountedSecret("secret"), list[int]()
    auth = SlsAuth(Credentials("id", secret, None), signature="v4", region="cn-hangzhou", clock=lambda: now)

    for later in (timedelta(0), timedelta(0), timedelta(seconds=1), timedelta(minutes=30), timedelta(hours=2)):
        now = LAST_SECOND - timedelta(hours=1) + later
        auth.sign(REQUEST)
        uses.append(secret.uses)

    assert uses == [1, 1, 1, 1, 2]
