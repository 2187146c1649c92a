import pytest

from shared.sls import errors
from shared.sls.error_codes import error_class
from shared.sls.errors import SlsApiError, SlsError

DOCUMENTED = {
    "ProjectNotExistError": "ProjectNotExist ProjectNotExists",
    "LogstoreNotExistError": "LogStoreNotExist",
    "LogstoreWithoutShardError": "LogStoreWithoutShard",
    "ShardNotExistError": "ShardNotExist ShardNotExsit",
    "ConsumerGroupNotExistError": "ConsumerGroupNotExist",
    "ConsumerGroupAlreadyExistError": "ConsumerGroupAlreadyExist",
    "ConsumerGroupQuotaExceedError": "ConsumerGroupQuotaExceed",
    "ConsumerNotExistError": "ConsumerNotExist ConsumerNotExsit",
    "ConsumerNotMatchError": "ConsumerNotMatch",
    "InvalidCursorError": "InvalidCursor invalidcursor OSS.InvalidCursor.Expired",
    "InvalidSlsParameterError": (
        "ParameterInvalid JsonInfoInvalid InvalidShardCheckPoint NotExistConsumerWithBody PostBodyInvalid"
        " PostBodyTooLarge InvalidLogStoreQuery LogStoreInfoInvalid"
    ),
    "InvalidSlsRequestError": (
        "InvalidRequestTime InvalidHost InvalidContentType MissingParameter InvalidMethod MissingDate InvalidDateFormat"
        " MissingAPIVersion InvalidAPIVersion MissAccessKeyId MissingSignatureMethod InvalidSignatureMethod"
        " MissingContentType MissingHost MissingBodyRawSize InvalidBodyRawSize InvalidCompressType MissingContentLength"
    ),
    "SlsAuthError": (
        "SignatureNotMatch Unauthorized InvalidAccessKeyId SecurityToken.Expired SecurityTokenExpired"
        " InvalidAccessKeyId.NotFound"
    ),
    "SlsClockSkewError": "RequestTimeExpired RequestTimeTooSkewed",
    "ProjectForbiddenError": "ProjectForbidden",
    "SlsQuotaError": (
        "WriteQuotaExceed ReadQuotaExceed ShardWriteQuotaExceed ShardReadQuotaExceed MetaOperationQpsLimitExceeded"
        " ProjectQuotaExceed QuotaExceed ExceedQuota"
    ),
    "SlsServerError": "InternalServerError RequestTimeout ServerBusy",
}
CODES = [(code, name) for name, codes in DOCUMENTED.items() for code in codes.split()]
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SlsError)]


@pytest.mark.parametrize(("code", "name"), CODES)
def test_every_documented_code_has_its_class(code: str, name: str) -> None:
    assert error_class(code, 400) is getattr(errors, name)


@pytest.mark.parametrize("code", ["NewCode", "consumergroupnotexist", ""])
def test_an_unknown_code_stays_a_plain_api_error(code: str) -> None:
    assert error_class(code, 400) is SlsApiError


def test_an_unknown_code_under_a_5xx_is_a_server_error() -> None:
    assert error_class("NewCode", 502) is errors.SlsServerError


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_says_what_to_do_next(kind: type[SlsError]) -> None:
    assert kind.hint


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in CLASSES]

    assert len(set(codes)) == len(codes)


def test_no_code_belongs_to_two_classes() -> None:
    codes = [code for kind in CLASSES if issubclass(kind, SlsApiError) for code in kind.sls_codes]

    assert len(set(codes)) == len(codes)
