"""What is drawn for properties: text that tricks eyes and terminals, JSON that tricks parsers."""

import json

from hypothesis import strategies as st

FORGED = '{"event":"forged"}'
# Line ends of every kind, terminal commands, direction changes, invisible signs, signs that look like others.
TRICKS = (
    "\n",
    "\r\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "\x00",
    "\x1b[2J",
    "\x9b31m",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\u0301",
    "\ud800",
    "\uff41",
    "\u0430",
    "\u0131",
    "\ufb01",
    "\u212a",
    "\uff0f",
    "\uff0e\uff0e",
    "%2e%2e",
    "%0d%0a",
    "%00",
    "..",
    "//",
    "\\",
    "?x=1",
    "#",
    "@evil.example",
    ":80",
    "*",
    "[a-z]",
    "{{7*7}}",
    "${jndi:x}",
    "'; DROP TABLE",
    "<script>",
)
tricks = st.sampled_from(TRICKS)
tricky_text = st.lists(tricks | st.text(max_size=4) | st.just(FORGED), min_size=1, max_size=5).map("".join)

beyond_64_bits = st.one_of(
    st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**19, 10**30, -(10**30)]),
    st.integers(min_value=2**63),
    st.integers(max_value=-(2**63) - 1),
)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | tricky_text | beyond_64_bits
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)

# As bytes: what no JSON library would write.
BOMBS = (
    b"[" * 30_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"action":"describe","target":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    b'{"action":"describe","watch_s":1e999999999}',
    b'{"action":"describe","watch_s":' + b"9" * 60_000 + b"}",
    b'{"action":"describe","watch_s":-' + b"9" * 5_000 + b"." + b"9" * 5_000 + b"}",
    b'{"action":"describe","watch_s":NaN}',
    b'{"action":"describe","watch_s":Infinity}',
    b'{"action":"describe","action":"rewind"}',
    b'{"action":"rewind","to":"2h","t\\u006f":"3h","target":"shop/orders/billing"}',
    b'{"action":"rewind","to":{"as_of":"2h","as_of":"3h"},"target":"shop/orders/billing"}',
    b'{"action":"describe","consumerGroup":"a","consumer_group":"b","project":"p","logstore":"l"}',
    b'{"action":"batch","commands":[' + b'{"action":"batch","commands":[' * 500 + b"]}" * 501,
    b'{"action":"batch","commands":[' + b",".join([b'{"action":"describe","target":"a/b/c"}'] * 1_600) + b"]}",
    b'{"action":"describe","target":"' + b"\\ud800" * 5_000 + b'"}',
    b'{"action":"\\u0000","target":"\\u202e"}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"{}" + b" " * 60_000,
    b'"' + b"\\" * 60_001,
    b"-",
    b"",
)
bodies = st.one_of(
    st.sampled_from(BOMBS),
    st.binary(max_size=200),
    json_values.map(lambda value: json.dumps(value).encode()),
)
