"""The failure of packaging."""


class PackagingError(Exception):
    """Raised when an artefact cannot be made as it must be; nothing of it is left in `dist`."""
