"""Which class of error a code of SLS stands for; the table is made of the classes themselves."""

from collections.abc import Iterator

from shared.sls.errors import InvalidCursorError, SlsApiError, SlsServerError

_FIRST_SERVER_ERROR = 500


def error_class(sls_error_code: str, status: int) -> type[SlsApiError]:
    """Return the class of an SLS code; where it is unknown, the status tells a server error from the rest."""
    if found := _CLASS_OF_CODE.get(sls_error_code):
        return found
    if "invalidcursor" in sls_error_code.lower():
        return InvalidCursorError
    return SlsServerError if status >= _FIRST_SERVER_ERROR else SlsApiError


def _leaves(of: type[SlsApiError] = SlsApiError) -> Iterator[type[SlsApiError]]:
    for leaf in of.__subclasses__():
        yield leaf
        yield from _leaves(leaf)


_CLASS_OF_CODE = {sls_code: leaf for leaf in _leaves() for sls_code in leaf.sls_codes}
