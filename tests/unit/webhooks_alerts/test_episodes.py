"""Episodes of alerts: what makes two deliveries one, and which record of the journal stands for them."""

from dataclasses import replace

from shared.journal.fold import Fold
from shared.journal.records import Record, log_group_of, read_record
from shared.journal.window import WINDOW_S
from shared.webhooks.alerts import Alert

ALERT = Alert("alertmanager", "Lag", is_firing=True, labels={}, annotations={}, started_unix=7, ids=("f", "7"))


def proposed(number: int, *, at_unix: int = 1_700_000_000, episode: object = "e") -> Record:
    return Record(
        kind="proposed",
        record_id=f"record-{number}",
        written_unix=at_unix,
        project="shop",
        logstore="orders",
        consumer_group="billing",
        principal="webhook:alerts",
        action="rewind",
        plan_id="aaaaaaaaa" + "abcdefgh"[number],
        detail={"episode": episode},
    )


def test_an_episode_is_the_same_whatever_else_the_alert_says() -> None:
    again = replace(ALERT, labels={"a": "b"}, annotations={"c": "d"}, is_firing=False)

    assert again.episode("webhook:a") == ALERT.episode("webhook:a")


def test_episodes_differ_by_principal_sender_name_and_ids() -> None:
    others = [
        replace(ALERT, sender="grafana"),
        replace(ALERT, name="Lag2"),
        replace(ALERT, ids=("f", "8")),
        replace(ALERT, ids=("f7", "")),
    ]
    episodes = {ALERT.episode("webhook:a"), ALERT.episode("webhook:b"), *(one.episode("webhook:a") for one in others)}

    assert len(episodes) == 6


def test_of_two_proposals_what_stands_first_counts() -> None:
    fold = Fold().add_all([proposed(0), proposed(1)])

    assert fold.proposals["e"].record_id == "record-0"


def test_a_proposal_is_forgotten_with_the_window() -> None:
    fold = Fold().add_all([proposed(0)])

    fold.forget_before(1_700_000_001)

    assert fold.proposals == {}


def test_who_has_read_for_days_takes_the_proposal_that_others_see() -> None:
    later = 1_700_000_000 + WINDOW_S + 1

    fold = Fold().add_all([proposed(0), proposed(1, at_unix=later)])

    assert fold.proposals["e"].record_id == "record-1"


def test_a_proposal_is_to_be_told_until_that_is_noted() -> None:
    made = replace(proposed(0), detail={"episode": "e", "lease_unix": 1_700_000_060})
    noted = replace(proposed(1), status="told", detail={"episode": "e", "proposal": "record-0"})
    fold = Fold().add_all([made])

    assert fold.is_to_be_told(made)
    assert not fold.add_all([noted]).is_to_be_told(made)
    assert fold.proposals == {"e": made}


def test_a_proposal_of_which_nobody_is_to_be_told_is_not() -> None:
    assert not Fold().add_all([proposed(0)]).is_to_be_told(proposed(0))


def test_a_proposal_lapses_with_its_plan_unless_people_were_told() -> None:
    detail = {"episode": "e", "lease_unix": 1_700_000_060, "expires_unix": 1_700_000_900}
    first, later = replace(proposed(0), detail=detail), proposed(1, at_unix=1_700_000_901)
    noted = replace(proposed(2), status="told", detail={"proposal": "record-0"})

    untold, told = Fold().add_all([first]), Fold().add_all([first, noted])

    assert untold.proposal("e", now_unix=1_700_000_900.5) == first
    assert untold.proposal("e", now_unix=1_700_000_901) is None
    assert untold.add_all([later]).proposals["e"] == later
    assert told.proposal("e", now_unix=1_700_000_901) == first
    assert told.add_all([later]).proposals["e"] == first


def anchored(number: int, at_unix: int) -> Record:
    return replace(proposed(number, at_unix=at_unix), kind="anchored", operation_id="a" * 16, plan_id="")


def test_of_two_anchors_what_stands_first_counts_until_the_window_has_passed() -> None:
    fold = Fold().add_all([anchored(0, 1_700_000_000), anchored(1, 1_700_000_009)])

    assert fold.anchors["a" * 16].record_id == "record-0"
    later = anchored(2, 1_700_000_000 + WINDOW_S + 1)
    assert fold.add_all([later]).anchors["a" * 16] == later
    fold.forget_before(later.written_unix + 1)
    assert fold.anchors == {}


def test_a_proposal_survives_the_journal() -> None:
    assert read_record(log_group_of(proposed(0))) == proposed(0)


def test_an_episode_that_is_no_text_breaks_nothing() -> None:
    fold = Fold().add_all([proposed(0, episode=["e"]), proposed(1, episode=None)])

    assert "e" not in fold.proposals
