"""What people can type, in the place of words of commands in JSON, as the engine's messages use them."""

_TYPED = {
    '; to place it, name it in {"checkpoints": ...}': "; no text places it, update_checkpoint by HTTP does",
    "Send it with dry_run: true, then apply the plan that it answers with": "Ask for a plan of your own, and press its "
    "Apply",
    "Send it with dry_run: true; or prove the whole request, by a bearer token or a signature": "Look at plans here, "
    "and apply them where messages are proven, such as Slack or a platform with encryption",
    "Preview with dry_run; whoever": "Plans are shown all the same; whoever",
    "asked with allow_active, by somebody else: name allow_active on apply": "asked with `allow-active`, by somebody "
    "else: type `allow-active` behind apply",
    "wait_free_s": "`wait 60s` behind apply",
    "allow_active": "`allow-active` behind it",
    'on_expired: "clamp"': "`clamp`",
    "on_expired": "`clamp`",
    "list_consumer_groups": "list",
    "update_consumer_group": "timeout or order",
}


def as_typed(message: str) -> str:
    """Return a message of the engine in the words that a chat understands."""
    for spelled, typed in _TYPED.items():
        message = message.replace(spelled, typed)
    return message
