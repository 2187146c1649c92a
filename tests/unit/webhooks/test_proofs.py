import pytest

from shared.errors import AuthenticationError
from shared.webhooks.proofs import principal_of

SECRETS = {"a": ("a1", "a2"), "b": ("b1",), "c": ("ü",)}


@pytest.mark.parametrize("right", [b"a1", b"a2", b"b1", "ü".encode(), b"none"])
def test_every_secret_is_tried_whichever_holds(right: bytes) -> None:
    tried: list[bytes] = []

    def holds(secret: bytes) -> bool:
        tried.append(secret)
        return secret == right

    try:
        principal_of(SECRETS, holds)
    except AuthenticationError:
        assert right == b"none"

    assert tried == [b"a1", b"a2", b"b1", "ü".encode()]
