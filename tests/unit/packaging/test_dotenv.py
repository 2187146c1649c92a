"""`.env` is read as the deploy tool reads it, or not at all."""

from pathlib import Path

import pytest

from tests.local.__main__ import main
from tests.local.fc.dotenv import read_variables
from tests.local.fc.errors import TemplateError


def test_quotes_are_taken_away_and_places_stay_our_own(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# REWIND_NOTIFY=x\nREWIND_REGION=cn-hangzhou\nREWIND_WORKER_KEY='a b'\nREWIND_SIGNATURE=\n", "utf-8"
    )

    assert read_variables(path, {"REWIND_ENDPOINT": "http://127.0.0.1:1"}) == {"REWIND_WORKER_KEY": "a b"}


def test_what_is_exported_goes_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("REWIND_WORKER_KEY=new\n", encoding="utf-8")

    assert read_variables(path, {"REWIND_WORKER_KEY": "old", "HOME": "/"}) == {"REWIND_WORKER_KEY": "old"}


@pytest.mark.parametrize("value", ["'pa$HOME'", '"pa$HOME"', "pa$", r"pa\$HOME"])
def test_a_dollar_is_refused_by_name_and_line_and_never_shown(tmp_path: Path, value: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"REWIND_REGION=cn-hangzhou\nREWIND_WORKER_KEY={value}\n", encoding="utf-8")

    with pytest.raises(TemplateError) as refused:
        read_variables(path, {})

    assert str(refused.value) == ".env:2: REWIND_WORKER_KEY holds a $, which the deploy tool replaces even in quotes"


def test_the_local_environment_does_not_start_with_such_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env"
    path.write_text("REWIND_WORKER_KEY='pa$HOME'\n", encoding="utf-8")

    monkeypatch.setattr("sys.argv", ["local", "up", "--env", str(path), "--port", "0"])

    assert main() == 1
    assert "REWIND_WORKER_KEY holds a $" in capsys.readouterr().err
