"""Telling people and systems elsewhere what became of a command, through destinations that policy.toml names."""

from shared.notifications.sending import Outcome, check_names, notify

__all__ = ["Outcome", "check_names", "notify"]
