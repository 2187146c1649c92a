"""The least that any program in Python needs: `requests`, one pydantic model, one signed PUT."""

import base64
import hashlib
import hmac
import json
import sys
from email.utils import formatdate

import requests
from pydantic import BaseModel, Field


class UpdateConsumerGroup(BaseModel):
    """The one command that this program knows."""

    project: str
    logstore: str
    consumer_group: str
    timeout: int = Field(ge=1)
    order: bool


told = json.loads(sys.argv[1])
command = UpdateConsumerGroup.model_validate(told["command"])
body = json.dumps({"timeout": command.timeout, "order": command.order}).encode()
path = f"/logstores/{command.logstore}/consumergroups/{command.consumer_group}"
md5 = hashlib.md5(body, usedforsecurity=False).hexdigest().upper()
date = formatdate(usegmt=True)
log = {"x-log-apiversion": "0.6.0", "x-log-bodyrawsize": str(len(body)), "x-log-signaturemethod": "hmac-sha1"}
signed = "\n".join(["PUT", md5, "application/json", date, *(f"{name}:{log[name]}" for name in sorted(log)), path])
digest = hmac.new(told["access_key_secret"].encode(), signed.encode(), hashlib.sha1).digest()
headers = {
    **log,
    "Host": f"{command.project}.cn-local.log.local",
    "Content-Type": "application/json",
    "Content-MD5": md5,
    "Date": date,
    "Authorization": f"LOG {told['access_key_id']}:{base64.b64encode(digest).decode()}",
}
requests.put(told["url"] + path, data=body, headers=headers, timeout=10).raise_for_status()
