"""Signing one request: ours beside the official SDK's signer, the same request, in turns."""

import time
import warnings
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from shared.settings import SignatureVersion
from shared.sls.credentials import Credentials
from shared.sls.signer import SignableRequest, SlsAuth
from tests.bench.figures import middle, provenance, table

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log.auth import AuthV1, AuthV4
    from aliyun.log.credentials import StaticCredentialsProvider

_ROUNDS, _TIMES = 15, 1000
_KEY = ("bench", "a-key-of-the-benches-alone", "a token")
_REGION = "cn-hangzhou"
_PATH = "/logstores/orders/consumergroups/billing"
_QUERY = {"type": "checkpoint", "consumer": "", "forceSuccess": "true"}
_BODY = b'{"shard":0,"checkpoint":"MTUyNDE1NTM3OTM3MzkwODQ5Ng=="}'
_HEADERS = {
    "Host": "shop.cn-hangzhou.log.aliyuncs.com",
    "User-Agent": "bench",
    "Content-Type": "application/json",
    "x-log-apiversion": "0.6.0",
    "x-log-bodyrawsize": str(len(_BODY)),
}


def signing_report() -> str:
    """Return what a signature of each version costs, as a Markdown table."""
    told = provenance("signing")
    rows = []
    versions: tuple[SignatureVersion, ...] = ("v1", "v4")
    for version in versions:
        theirs, ours = _in_turns(_official(version), _own(version))
        rows.append((version, f"{theirs:.1f} µs", f"{ours:.1f} µs", f"{theirs / ours:.2f}"))
    head = ("ConsumerGroupUpdateCheckPoint", "official SDK", "ours", "times as fast")
    aim = "CPU time of one signature, security token included. Wanted: v4 at least 2 times as fast, v1 not slower."
    return f"## Signing\n\n{aim}\n\n{told}\n\n{table(head, rows)}\n"


def _official(version: SignatureVersion) -> Callable[[], object]:
    provider = StaticCredentialsProvider(*_KEY)
    # Its own type information leaves these two out.
    signers: Any = (AuthV1, AuthV4)
    auth = signers[0](provider) if version == "v1" else signers[1](provider, _REGION)
    return lambda: auth.sign_request("POST", _PATH, dict(_QUERY), dict(_HEADERS), _BODY)


def _own(version: SignatureVersion) -> Callable[[], object]:
    auth = SlsAuth(Credentials(*_KEY), signature=version, region=_REGION, clock=lambda: datetime.now(timezone.utc))
    return lambda: auth.sign(SignableRequest("POST", _PATH, dict(_QUERY), dict(_HEADERS), _BODY))


def _in_turns(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Return the CPU time of each in microseconds: the median over rounds in which both had their turn."""
    costs = [(_cost_us(first), _cost_us(second)) for _ in range(_ROUNDS)]
    return middle(cost[0] for cost in costs), middle(cost[1] for cost in costs)


def _cost_us(sign: Callable[[], object]) -> float:
    begun_s = time.process_time()
    for _ in range(_TIMES):
        sign()
    return (time.process_time() - begun_s) / _TIMES * 1e6
