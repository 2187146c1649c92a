"""The connections to SLS that a warm instance keeps."""

from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter


class _Session(requests.Session):
    # Even with `allow_redirects=False` requests reads the whole body of a redirect, to prepare what it will not send.
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 -- the signature is requests' own
        return None


def new_session(pool_width: int) -> requests.Session:
    """Return a session that heeds no environment (proxies, .netrc), keeps no cookie and follows no redirect.

    Args:
        pool_width: How many threads will call at once; as many connections to a host are kept alive.
    """
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_maxsize=pool_width)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
