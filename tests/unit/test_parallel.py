import threading
from collections.abc import Callable
from functools import partial

import pytest

from shared.execution.parallel import POOL_WIDTH, Aside, in_parallel

LONGEST_S = 30


def test_results_come_in_the_order_of_the_calls() -> None:
    assert in_parallel([partial(int, number) for number in range(3 * POOL_WIDTH)]) == list(range(3 * POOL_WIDTH))


def test_nothing_to_do_is_nothing_done() -> None:
    assert in_parallel(list[Callable[[], None]]()) == []


def test_as_many_calls_as_the_pool_is_wide_are_under_way_at_once() -> None:
    meeting = threading.Barrier(POOL_WIDTH)

    assert len(in_parallel([partial(meeting.wait, LONGEST_S)] * POOL_WIDTH)) == POOL_WIDTH


def test_never_are_more_under_way() -> None:
    lock, under_way, most = threading.Lock(), 0, 0

    def call() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.001)
        with lock:
            under_way -= 1

    in_parallel([call] * (4 * POOL_WIDTH))

    assert most <= POOL_WIDTH


def test_the_first_error_is_raised_once_every_call_has_ended() -> None:
    ended = []

    def call(number: int) -> None:
        ended.append(number)
        if number in {3, 5}:
            raise ValueError(number)

    with pytest.raises(ValueError, match="3"):
        in_parallel([partial(call, number) for number in range(40)])

    assert sorted(ended) == list(range(40))


def test_calls_may_call_in_parallel_themselves_however_many() -> None:
    def inner() -> list[int]:
        return in_parallel([partial(int, number) for number in range(4)])

    def outer() -> list[list[int]]:
        return in_parallel([inner] * POOL_WIDTH)

    assert in_parallel([outer] * (2 * POOL_WIDTH)) == [[[0, 1, 2, 3]] * POOL_WIDTH] * (2 * POOL_WIDTH)


def test_a_call_beside_others_is_made_while_all_of_them_are_under_way() -> None:
    meeting = threading.Barrier(POOL_WIDTH + 1)
    aside = Aside(partial(meeting.wait, LONGEST_S))

    others = in_parallel([partial(meeting.wait, LONGEST_S)] * POOL_WIDTH, beside=[aside])

    assert sorted([aside.result(), *others]) == list(range(POOL_WIDTH + 1))


def test_no_call_beside_others_runs_on_after_them_even_if_they_fail() -> None:
    begun, ended = threading.Event(), threading.Event()

    def call() -> None:
        begun.set()
        threading.Event().wait(0.05)
        ended.set()

    def fail_once_it_is_under_way() -> None:
        begun.wait(LONGEST_S)
        raise ValueError("the others")

    with pytest.raises(ValueError, match="the others"):
        in_parallel([fail_once_it_is_under_way], beside=[Aside(call)])

    assert ended.is_set()


def test_what_a_call_beside_others_raises_comes_with_its_result() -> None:
    aside = Aside(partial(int, "none"))

    assert in_parallel([partial(int, "1")], beside=[aside]) == [1]
    with pytest.raises(ValueError, match="none"):
        aside.result()


def test_a_call_for_which_no_thread_is_free_is_made_when_its_result_is_wanted() -> None:
    def call() -> int:
        aside = Aside(partial(int, "1"))
        in_parallel(list[Callable[[], None]](), beside=[aside])
        return aside.result()

    assert in_parallel([call] * (4 * POOL_WIDTH)) == [1] * (4 * POOL_WIDTH)
