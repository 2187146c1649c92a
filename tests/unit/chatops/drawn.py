"""Cards to render: an ordinary one, and any that Hypothesis thinks of, full of what comes alive in chats."""

from hypothesis import strategies as st

from shared.chatops.messages import ButtonAction, Card, Offer, Style
from tests.fuzz.amount import some

PREVIEW = Card(
    title="Rewind shop/orders/billing by 2h?",
    lines=(
        "Back to 2026-11-20T00:00:28Z (08:00:28 Asia/Shanghai).",
        "Replays 7,200 log groups.",
        "Applies until 02:15.",
    ),
    table=(("shard", "from", "to"), ("0", "02:00:28", "00:00:28"), ("1", "01:59:07", "00:00:28")),
    footer="plan q7h3kd2m5x",
    offers=(
        Offer("Apply", "apply", "v1.apply", "apply q7h3kd2m5x", "danger"),
        Offer("Cancel", "cancel", "v1.cancel", ""),
    ),
)

HOSTILE = (
    "<!everyone>",
    "<!channel> <!here>",
    "<@U0VICTIM>",
    "@channel @here @everyone @all",
    '<at id="all"></at><at user_id="all">all</at>',
    "@所有人",
    "<https://evil.example|click me>",
    "[click me](https://evil.example)",
    "![x](http://evil.example/x.png)",
    "dtmd://dingtalkclient/sendMessage?content=apply",
    "http://evil.example",
    "```\nbreaks out\n```",
    "`code` *bold* _italic_ ~gone~ **strong**",
    "# heading",
    "> quote",
    "- item",
    "1. item",
    "---",
    "two\nlines\r\nand\u2028more\u2029",
    "\u202eright to left\u200b\u2066",
    "&lt;!everyone&gt; &amp;",
    "\ud800 half",
    "\x00\x07\x1b[31m",
    "|a|b|",
    "\\[x\\](y)",
    "&" * 400,
    "",
)

FEW = some(60)

_actions: tuple[ButtonAction, ...] = ("apply", "cancel", "undo", "resume", "abandon", "verify")
_styles: tuple[Style, ...] = ("primary", "danger", "default")
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.integers(0, 400).map("x&_<".__mul__))
offers = st.builds(
    Offer,
    label=texts.map(lambda text: text[:30]),
    action=st.sampled_from(_actions),
    value=st.sampled_from(("v1.opaque", "x" * 200)),
    text=texts,
    style=st.sampled_from(_styles),
)
cards = st.builds(
    Card,
    title=texts,
    lines=st.lists(texts, max_size=30).map(tuple),
    table=st.lists(st.lists(texts, max_size=4).map(tuple), max_size=20).map(tuple),
    footer=texts,
    offers=st.lists(offers, max_size=4).map(tuple),
    audience=st.sampled_from(("person", "channel")),
    replaces=st.booleans(),
)
