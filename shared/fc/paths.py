"""What each path of a function takes; what answers there is written in one place."""

from collections.abc import Callable, Mapping

from shared.frozen import frozen

_READS = ("GET", "HEAD")


@frozen
class Document:
    """A text that anybody may read.

    Attributes:
        text: ASCII.
        etag: Changes when the text does; quoted, as HTTP has it.
    """

    text: str
    etag: str


@frozen
class Resource:
    """What stands at one path.

    Attributes:
        posts: What a POST is for, in a few words; None where there is nothing to post to.
        document: Makes what a GET answers; None where there is nothing to read.
        reads: What a GET is for, in a few words.
        media_type: The document's Content-Type.
    """

    posts: str | None = None
    document: Callable[[], Document] | None = None
    reads: str = ""
    media_type: str = "application/json"

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that the path takes, as `Allow` lists them."""
        return (*(_READS if self.document else ()), "OPTIONS", *(("POST",) if self.posts else ()))


Paths = Mapping[str, Resource]
"""Resources by path; a segment in braces stands for any one segment."""


def resource_at(path: str, paths: Paths) -> Resource | None:
    """Return what stands at a path as it came, still percent-encoded; None where there is nothing."""
    asked = _segments(path)
    for pattern, resource in paths.items():
        wanted = _segments(pattern)
        if len(wanted) == len(asked) and all(map(_fits, wanted, asked)):
            return resource
    return None


def _segments(path: str) -> list[str]:
    return path.removeprefix("/").split("/")


def _fits(wanted: str, asked: str) -> bool:
    return bool(asked) if wanted.startswith("{") else wanted == asked


def _index() -> Document:
    from shared.fc.description.documents import index  # noqa: PLC0415 -- no cold start pays for what is rarely read

    return index()


def _schema() -> Document:
    from shared.fc.description.documents import schema  # noqa: PLC0415 -- as above

    return schema()


def _openapi() -> Document:
    from shared.fc.description.documents import openapi  # noqa: PLC0415 -- as above

    return openapi()


POST_ONLY: Paths = {"/": Resource(posts="what the function takes")}
"""The paths of a function that takes one kind of request and tells nothing of itself."""

COMMAND_PATHS: Paths = {
    "/": Resource(posts="one command, or the payload of an alert", document=_index, reads="this index"),
    "/schema": Resource(
        document=_schema, reads="the JSON Schema of commands and results", media_type="application/schema+json"
    ),
    "/openapi.json": Resource(document=_openapi, reads="the OpenAPI description of these paths"),
    "/cloudmonitor/{token}": Resource(posts="the callback of CloudMonitor, which may only preview"),
}
"""The paths of the command function.

What can be read there needs no caller to prove who it is: it is the same for everybody and for every installation, is
made of code that is public anyway, and holds no setting, no name and no secret; who writes a client needs it first.
"""
