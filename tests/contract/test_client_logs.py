"""Logs that our client wrote, the official SDK reads, and the other way round."""

import pytest

from shared.settings import SignatureVersion
from shared.sls.client import new_session
from shared.sls.loggroups import Log, LogGroup, encode_log_group
from tests.contract.client_backends import PEER, OfficialBackend, OurBackend
from tests.contract.conftest import VERSIONS, Site

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")

CONTENTS = {"kind": "started", "note": "=+/ 中"}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SignatureVersion:
    monkeypatch.setenv("NO_PROXY", "*")
    found: SignatureVersion = request.param
    return found


def test_the_sdk_reads_what_our_client_wrote(journal_site: Site, version: SignatureVersion) -> None:
    with new_session(1) as session:
        ours = journal_site.backend("ours", version, session)
        official = journal_site.backend("official", version, session)
    assert isinstance(ours, OurBackend)
    assert isinstance(official, OfficialBackend)
    begin = ours.cursor(0, "begin")

    ours.client.put_logs(ours.logstore, encode_log_group(LogGroup((Log(1_700_000_000, CONTENTS),))))

    pulled = official.client.pull_logs(*official.where, 0, begin, 10)
    assert [dict(log.items()) for log in pulled.get_flatten_logs_json()] == [
        {"__time__": 1_700_000_000, "__topic__": "", "__source__": "", **CONTENTS}
    ]


def test_our_client_reads_what_the_sdk_wrote(journal_site: Site, version: SignatureVersion) -> None:
    with new_session(1) as session:
        ours = journal_site.backend("ours", version, session)
        official = journal_site.backend("official", version, session)
    assert isinstance(ours, OurBackend)
    assert isinstance(official, OfficialBackend)
    begin = ours.cursor(0, "begin")
    item = PEER.LogItem(1_700_000_000, contents=list(CONTENTS.items()))

    official.client.put_logs(PEER.PutLogsRequest(*official.where, "topic", "source", [item]))

    page = ours.client.pull_logs(ours.logstore, 0, begin, count=10).value
    assert page.groups == (LogGroup((Log(1_700_000_000, CONTENTS),), "topic", "source"),)
    assert page.next_cursor == ours.cursor(0, "end")
