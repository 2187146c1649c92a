"""The AES envelopes of Feishu and DingTalk, opened. They hide what they hold and do not prove it: signatures do."""

import base64
import binascii
import hashlib
from typing import Final

_IV_BYTES: Final = 16
_FEISHU_PADDING_BYTES: Final = 16
_DINGTALK_PADDING_BYTES: Final = 32
_RANDOM_BYTES: Final = 16
_LENGTH_BYTES: Final = 4


def open_feishu(encrypted: str, encrypt_key: str) -> bytes:
    """Return what a Feishu envelope holds.

    Raises:
        ValueError: It was not made with this key, or is damaged.

    Source: reference chat-and-webhooks.md section 3.3: the key's SHA-256 is the AES key, the first block the IV.
    """
    data = _decoded(encrypted)
    key = hashlib.sha256(encrypt_key.encode()).digest()
    return _decrypted(key, data[:_IV_BYTES], data[_IV_BYTES:], _FEISHU_PADDING_BYTES)


def open_dingtalk(encrypted: str, aes_key: bytes) -> bytes:
    """Return the JSON that a DingTalk envelope holds; what trails it is left out.

    Raises:
        ValueError: It was not made with this key, or is damaged.

    Source: reference chat-and-webhooks.md section 2.1: the key's first half is the IV; 16 random bytes and a length of
    4 bytes, the highest first, stand before the JSON; padding fills blocks of 32 bytes.
    """
    plain = _decrypted(aes_key, aes_key[:_IV_BYTES], _decoded(encrypted), _DINGTALK_PADDING_BYTES)
    begin = _RANDOM_BYTES + _LENGTH_BYTES
    end = begin + int.from_bytes(plain[_RANDOM_BYTES:begin], "big")
    if not begin < end <= len(plain):
        raise ValueError("the length within the envelope is wrong")
    return plain[begin:end]


def _decoded(encrypted: str) -> bytes:
    try:
        return base64.b64decode(encrypted, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _decrypted(key: bytes, iv: bytes, data: bytes, padding_bytes: int) -> bytes:
    from Cryptodome.Cipher import AES  # noqa: PLC0415 -- loading it takes long; most platforms and starts need none

    if not data or len(iv) < _IV_BYTES:
        raise ValueError("the envelope is too short")
    plain = AES.new(key, AES.MODE_CBC, iv=iv).decrypt(data)
    filling = plain[-1]
    if not 1 <= filling <= min(padding_bytes, len(plain)) or plain[-filling:] != bytes([filling]) * filling:
        raise ValueError("the envelope's padding is wrong")
    return plain[:-filling]
