from shared.journal.fold import Fold
from shared.journal.records import Record
from shared.journal.window import WINDOW_S

WRITTEN_UNIX = 1_795_000_000


def answered(record_id: str, delivery: str, written_unix: int = WRITTEN_UNIX) -> Record:
    return Record(
        kind="answered",
        record_id=record_id,
        written_unix=written_unix,
        project="",
        logstore="",
        consumer_group="",
        principal="slack:T1/U1",
        action="apply",
        detail={"delivery": delivery, "card": None, "verify": None},
    )


def test_the_first_answer_of_a_delivery_counts() -> None:
    fold = Fold().add_all([answered("a", "one"), answered("b", "two"), answered("c", "one")])

    assert {delivery: record.record_id for delivery, record in fold.answers.items()} == {"one": "a", "two": "b"}


def test_an_answer_is_forgotten_with_its_window() -> None:
    fold = Fold().add_all([answered("a", "one"), answered("b", "two", WRITTEN_UNIX + WINDOW_S)])

    fold.forget_before(WRITTEN_UNIX + 1)

    assert fold.answers.keys() == {"two"}
