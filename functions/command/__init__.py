"""The command function: one JSON command over HTTP, one normalized result back."""
