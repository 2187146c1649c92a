"""What the references leave open, each as one switch; README.md tells them in a table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Switches:
    """How the stand-in behaves where nobody knows what SLS does; the defaults are sls-api.md's suggestions.

    Numbers that end in `_status` are HTTP statuses.
    """

    checkpoint_values: Literal["any_base64", "in_range"] = "any_base64"
    clear_expired_consumer: bool = True
    consumer_group_quota: int = 30
    consumer_group_quota_status: int = 403
    consumer_not_match_status: int = 400
    cursor_shard_status: int = 400
    checkpoint_shard_status: int = 404
    delete_missing_group: Literal["error", "accept"] = "error"
    empty_checkpoint: Literal["refuse", "clear"] = "refuse"
    end_cursor_time: Literal["last", "now"] = "last"
    forced_unknown_consumer: Literal["accept", "refuse"] = "accept"
    forced_write_consumer: Literal["keep", "set", "clear"] = "keep"
    forced_write_updates_time: bool = True
    invalid_cursor_status: int = 400
    list_shards_order: Literal["id", "rotated"] = "id"
    logstore_redundant_keys: Literal["accept", "refuse"] = "accept"
    misspelt_codes: bool = False
    never_checkpointed: Literal["listed", "absent"] = "listed"
    new_logstore_ready_after_s: float = 0.0
    put_logs_visible_after_s: float = 0.0
    timeout_range: Literal["any", "1-3600"] = "any"
    unforced_without_consumer_code: Literal["ParameterInvalid", "ConsumerNotExist", "ConsumerNotMatch"] = (
        "ParameterInvalid"
    )
    unforced_without_consumer_status: int = 400
    unknown_access_key_code: Literal["Unauthorized", "InvalidAccessKeyId"] = "Unauthorized"
    update_group_extra_keys: Literal["refuse", "ignore"] = "refuse"
    update_missing_group_status: int = 404
    wrong_region: Literal["refuse", "accept"] = "refuse"

    def changed(self, values: Mapping[str, Any]) -> "Switches":
        """Return the switches with these values set.

        Raises:
            ValueError: A name is unknown or a value is not one that the switch takes; nothing is changed.
        """
        kinds = get_type_hints(Switches)
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"{name}: no such switch")
            if not _fits(kinds[name], value):
                raise ValueError(f"{name}: {value!r} is not a value of this switch")
        return replace(self, **values)

    def as_dict(self) -> dict[str, Any]:
        """Return every switch and its value, by name."""
        return asdict(self)


def _fits(kind: Any, value: object) -> bool:  # noqa: ANN401 -- a type hint has no narrower type
    if choices := get_args(kind):
        return value in choices
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return type(value) is kind
