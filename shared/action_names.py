"""What can be asked for, by name: for those who need no more of a command, and so not the models of all."""

ACTIONS = (
    "list_consumer_groups",
    "describe",
    "peek",
    "update_consumer_group",
    "update_checkpoint",
    "seek",
    "rewind",
    "skip",
    "apply",
    "undo",
    "resume",
    "abandon",
    "verify",
    "snapshot",
    "history",
    "doctor",
    "batch",
)
