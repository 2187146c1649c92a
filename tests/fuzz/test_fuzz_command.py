"""`make fuzz` draws other examples with every seed, many of them, and tells what it found."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.__main__ import _files
from tests.local.environment import CHECKOUT

SOUND = """
from hypothesis import given, strategies as st

@given(st.integers())
def test_a_number_is_itself(number):
    assert number == number
"""
WRONG = """
from hypothesis import given, strategies as st

@given(st.integers())
def test_a_number_is_small(number):
    assert number < 1000
"""
PROFILED = f"""
import sys
sys.path.insert(0, {str(CHECKOUT)!r})
from tests.fuzz.amount import load_profile
load_profile()
from hypothesis import given, strategies as st

@given(st.integers(0, 10**12))
def test_numbers_are_told(number):
    print("drew", number)
"""


def fuzz(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run `make fuzz` once over one file."""
    path = folder / "test_drawn.py"
    path.write_text(source, encoding="utf-8")
    words = [sys.executable, "-m", "tests.fuzz", str(path)]
    environ = {**os.environ, "FUZZ_MINUTES": "0", "FUZZ_FACTOR": "3"}
    return subprocess.run(words, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 -- a test's own words


def drawn(folder: Path, **environ: str) -> list[str]:
    """Return what a property draws that takes what the tests' profile says."""
    path = folder / "test_drawn.py"
    path.write_text(PROFILED, encoding="utf-8")
    seed = [f"--hypothesis-seed={environ['FUZZ_SEED']}"] if environ else []
    words = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *seed, str(path)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FUZZ_")}
    done = subprocess.run(  # noqa: S603 -- a test's own words
        words, cwd=folder, env={**plain, **environ}, capture_output=True, text=True, check=False
    )
    return re.findall(r"drew (\d+)", done.stdout)


def test_the_last_line_tells_what_was_done(tmp_path: Path) -> None:
    done = fuzz(tmp_path, SOUND)

    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"fuzz: 1 rounds, 1 properties, \d+ examples, 0 findings in \d+ minutes", last)


def test_a_finding_is_printed_with_its_example_and_its_seed_and_fails_the_command(tmp_path: Path) -> None:
    done = fuzz(tmp_path, WRONG)

    assert done.returncode == 1
    assert "number = 1000" in done.stdout
    assert re.search(r"^found: FUZZ_SEED=(\d+) pytest .*--hypothesis-seed=\1 ", done.stdout, re.MULTILINE)
    assert "1 findings in" in done.stdout.splitlines()[-1]


def test_the_tests_draw_the_same_examples_each_time_and_fuzzing_others_with_each_seed(tmp_path: Path) -> None:
    first, again = drawn(tmp_path), drawn(tmp_path)
    one, other = (drawn(tmp_path, FUZZ_SEED=seed, FUZZ_FACTOR="3") for seed in ("1", "2"))

    assert first == again
    assert len(first) == 100
    assert len(one) == len(other) == 300
    assert one != other


def test_all_that_draws_its_input_is_fuzzed() -> None:
    files = set(_files())

    assert {"tests/e2e/test_rewind_stateful.py", "tests/functions/test_schemathesis.py"} < files
    assert {"tests/fuzz/test_fuzz_http.py", "tests/unit/journal/test_hostile_journal.py"} < files


def test_no_test_decides_by_itself_how_many_examples_it_gets() -> None:
    deciding = re.compile(r"\b(max_examples|derandomize)\b")
    sources = {path for path in (CHECKOUT / "tests").rglob("*.py") if deciding.search(path.read_text(encoding="utf-8"))}

    assert sources == {CHECKOUT / "tests/fuzz/amount.py", Path(__file__).resolve()}
