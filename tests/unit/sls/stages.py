"""Runs the signer stage by stage and names the first stage that differs from what is expected."""

from collections.abc import Mapping
from datetime import datetime

from shared.sls.signer import (
    SignableRequest,
    authorization_v1,
    authorization_v4,
    canonical_form_v1,
    canonical_form_v4,
    signature_v1,
    signature_v4,
    string_to_sign_v1,
    string_to_sign_v4,
)

STAGES = ("canonical_form", "string_to_sign", "signature", "authorization")


def stages_v1(request: SignableRequest, access_key_id: str, access_key_secret: str) -> dict[str, str]:
    """Return what each stage of version 1 gives."""
    string_to_sign = string_to_sign_v1(request)
    signature = signature_v1(access_key_secret, string_to_sign)
    texts = (canonical_form_v1(request), string_to_sign, signature, authorization_v1(access_key_id, signature))
    return dict(zip(STAGES, texts, strict=True))


def stages_v4(
    request: SignableRequest, access_key_id: str, access_key_secret: str, *, signed_at: datetime, region: str
) -> dict[str, str]:
    """Return what each stage of version 4 gives."""
    form = canonical_form_v4(request)
    string_to_sign = string_to_sign_v4(form, signed_at=signed_at, region=region)
    signature = signature_v4(access_key_secret, string_to_sign, signed_at=signed_at, region=region)
    authorization = authorization_v4(access_key_id, signature, signed_at=signed_at, region=region)
    return dict(zip(STAGES, (form, string_to_sign, signature, authorization), strict=True))


def assert_same_stages(ours: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Fail with the first stage that differs, both of its texts in full."""
    for stage in STAGES:
        if stage in expected and ours[stage] != expected[stage]:
            raise AssertionError(f"{stage} differs\n--- expected\n{expected[stage]}\n--- ours\n{ours[stage]}\n---")
