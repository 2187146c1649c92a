"""Simple Log Service: who signs, what is called, what comes back, what goes wrong."""

from shared.sls.client import SlsClient, Surroundings, new_session
from shared.sls.credentials import Credentials, read_credentials
from shared.sls.errors import (
    ConsumerGroupAlreadyExistError,
    ConsumerGroupNotExistError,
    ConsumerGroupQuotaExceedError,
    ConsumerNotExistError,
    ConsumerNotMatchError,
    InvalidCursorError,
    InvalidSlsParameterError,
    InvalidSlsRequestError,
    LogstoreNotExistError,
    LogstoreWithoutShardError,
    ProjectForbiddenError,
    ProjectNotExistError,
    ShardNotExistError,
    SlsApiError,
    SlsAuthError,
    SlsClockSkewError,
    SlsError,
    SlsQuotaError,
    SlsResponseError,
    SlsServerError,
    SlsTransportError,
)
from shared.sls.loggroups import Log, LogGroup
from shared.sls.logs import PulledLogs
from shared.sls.models import Answer, ConsumerGroup, Logstore, Shard, ShardCheckpoint
from shared.sls.signer import SlsAuth

__all__ = [
    "Answer",
    "ConsumerGroup",
    "ConsumerGroupAlreadyExistError",
    "ConsumerGroupNotExistError",
    "ConsumerGroupQuotaExceedError",
    "ConsumerNotExistError",
    "ConsumerNotMatchError",
    "Credentials",
    "InvalidCursorError",
    "InvalidSlsParameterError",
    "InvalidSlsRequestError",
    "Log",
    "LogGroup",
    "Logstore",
    "LogstoreNotExistError",
    "LogstoreWithoutShardError",
    "ProjectForbiddenError",
    "ProjectNotExistError",
    "PulledLogs",
    "Shard",
    "ShardCheckpoint",
    "ShardNotExistError",
    "SlsApiError",
    "SlsAuth",
    "SlsAuthError",
    "SlsClient",
    "SlsClockSkewError",
    "SlsError",
    "SlsQuotaError",
    "SlsResponseError",
    "SlsServerError",
    "SlsTransportError",
    "Surroundings",
    "new_session",
    "read_credentials",
]
