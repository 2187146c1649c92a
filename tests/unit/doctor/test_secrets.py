import base64
import json
import secrets
import uuid
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.execution.doctoring_secrets import check_secrets
from shared.execution.doctoring_strength import doubt, weakness
from shared.settings import load_settings
from tests.fuzz.amount import some


@pytest.mark.parametrize(
    "weak",
    [
        "a" * 32,
        "1212121212121212121212121212121212",
        "correct-horse-batterycorrect-horse-battery",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "0123456789abcdef0123456789abcdefg",
        "change-me-change-me-now-please-12",
        "my-super-secret-password-is-secret",
        "my-company-webhook-secret-for-ci-2024",
        "Tr0ub4dor&3Tr0ub4dor&3Tr0ub4dor3xyz",
        "P@ssw0rd!P@ssw0rd!2024Summer!!Summer",
        "zaq12wsxcde34rfvbgt56yhnmju78ik,lo90",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "1q2w3e4r5t6y7u8i9o0p1q2w3e4r5t6y7u8i",
        "2024-webhook-2023-webhook-2022-summer",
        "aaaabbbbccccddddeeeeffffgggghhhhiiii",
        "whsec_cGFzc3dvcmQxcGFzc3dvcmQxcGFzc3dvcmQx",
    ],
)
def test_a_secret_that_somebody_made_up_is_weak(weak: str) -> None:
    reason = weakness(weak)

    assert reason
    assert weak not in reason


@pytest.mark.parametrize(
    "passphrase",
    [
        "correct-horse-battery-staple-2024",
        "the quick brown fox jumps over the lazy dog",
        "CorrectHorseBatteryStaple1234567",
        "ThisIsMyVeryLongPassphrase2024!!",
        "ilovemycatanddogsverymuch2023forever",
        "HangzhouProduction2024OrdersBilling!",
    ],
)
def test_words_are_told_from_randomness_however_many_there_are(passphrase: str) -> None:
    environ = {"REWIND_REGION": "cn-hangzhou", "REWIND_WEBHOOK_SECRETS": json.dumps({"ci": passphrase})}

    (check,) = check_secrets(load_settings(environ))

    assert check.status in {"warning", "failed"}
    assert passphrase not in check.message


FORMS = st.sampled_from(
    (
        bytes.hex,
        lambda made: made[:16].hex(),
        lambda made: made[:16].hex().upper(),
        lambda made: str(uuid.UUID(bytes=made[:16])),
        lambda made: base64.b64encode(made).decode(),
        lambda made: base64.b64encode(made[:24]).decode(),
        lambda made: base64.urlsafe_b64encode(made).decode().rstrip("="),
        lambda made: base64.b32encode(made[:20]).decode(),
        lambda made: f"whsec_{base64.b64encode(made[:24]).decode()}",
    )
)


@some(1000)
@given(seed=st.integers(min_value=0), form=FORMS)
def test_what_is_random_is_never_weak(seed: int, form: Callable[[bytes], str]) -> None:
    # Hypothesis likes bytes that are all alike; a generator's are not.
    assert weakness(form(Random(seed).randbytes(32))) is None  # noqa: S311 -- to be found again


def test_what_the_hint_recommends_raises_no_doubt() -> None:
    made = [
        form(Random(seed).randbytes(32))  # noqa: S311 -- to be found again
        for seed in range(1000)
        for form in (bytes.hex, lambda made: base64.b64encode(made).decode())
    ]

    assert [secret for secret in made if weakness(secret) or doubt(secret)] == []


def test_sound_secrets_are_not_called_safe() -> None:
    told = json.dumps({"ci": secrets.token_hex(32)})
    environ = {"REWIND_REGION": "cn-hangzhou", "REWIND_WEBHOOK_SECRETS": told}

    assert [check.message for check in check_secrets(load_settings(environ))] == [
        "no known weakness found; looked at: 1"
    ]


def test_every_kind_of_secret_is_judged_and_none_is_shown() -> None:
    weak = "abcabcabcabcabcabcabcabcabcabcabcabc"
    environ = {
        "REWIND_REGION": "cn-hangzhou",
        "REWIND_WEBHOOK_SECRETS": f'{{"ci": ["{weak}", "{secrets.token_urlsafe(32)}"]}}',
        "REWIND_URL_TOKENS": f'{{"monitor": "{weak}x"}}',
        "REWIND_NOTIFY": '{"oncall": {"url": "https://oncall.example/x", "secret": "short"}}',
        "REWIND_WORKER_KEY": base64.b64encode(bytes(32)).decode(),
        "REWIND_SLACK_SIGNING_SECRET": weak,
        "REWIND_SLACK_TEAM": "T024BE7LD",
        "REWIND_FEISHU_APP_ID": "cli_a1b2c3",
        "REWIND_FEISHU_APP_SECRET": weak,
        "REWIND_FEISHU_ENCRYPT_KEY": secrets.token_hex(16),
        "REWIND_FEISHU_TOKEN": secrets.token_hex(16),
        "REWIND_FEISHU_TENANT": "tenant-1",
        "REWIND_FEISHU_BOT": "ou_bot",
        "REWIND_DINGTALK_APP_SECRET": weak,
        "REWIND_DINGTALK_CORP": "corp-1",
    }

    messages = [check.message for check in check_secrets(load_settings(environ))]

    assert [message.partition(":")[0] for message in messages] == [
        "REWIND_WEBHOOK_SECRETS",
        "REWIND_URL_TOKENS",
        "REWIND_WORKER_KEY",
        "REWIND_SLACK_SIGNING_SECRET",
        "REWIND_FEISHU_APP_SECRET",
        "REWIND_DINGTALK_APP_SECRET",
        "REWIND_NOTIFY",
    ]
    assert "abc" not in "".join(messages)
