"""What holds of consumer groups through our client and through the official SDK alike."""

import pytest

from tests.contract.client_backends import Backend, Group, refused_with

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")


def attributes(backend: Backend, group: str) -> Group:
    (found,) = [each for each in backend.groups() if each.name == group]
    return found


def test_a_created_group_is_listed_with_its_attributes(backend: Backend, group: str) -> None:
    assert attributes(backend, group) == Group(group, 60, in_order=True)


def test_a_group_is_created_once(backend: Backend, group: str) -> None:
    code = refused_with(lambda: backend.create_group(group, timeout_s=60, in_order=True))

    assert code == "ConsumerGroupAlreadyExist"


def test_updating_the_timeout_leaves_the_order(backend: Backend, group: str) -> None:
    backend.update_group(group, timeout_s=120)

    assert attributes(backend, group) == Group(group, 120, in_order=True)


def test_updating_the_order_leaves_the_timeout(backend: Backend, group: str) -> None:
    backend.update_group(group, in_order=False)

    assert attributes(backend, group) == Group(group, 60, in_order=False)


def test_both_attributes_are_updated_in_one_call(backend: Backend, group: str) -> None:
    backend.update_group(group, timeout_s=90, in_order=False)

    assert attributes(backend, group) == Group(group, 90, in_order=False)


def test_a_group_that_is_missing_cannot_be_updated(backend: Backend) -> None:
    assert refused_with(lambda: backend.update_group("rewind-missing", timeout_s=60)) == "ConsumerGroupNotExist"


def test_a_deleted_group_is_gone(backend: Backend, group: str) -> None:
    backend.delete_group(group)

    assert group not in {found.name for found in backend.groups()}
    assert refused_with(lambda: backend.checkpoints(group)) == "ConsumerGroupNotExist"
