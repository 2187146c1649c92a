# Each target does all of its own set-up: a machine with Python 3.10 or newer and a package registry is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := shared functions tests

.PHONY: setup demo test run package bench fuzz soak fix lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "sls-rewind needs Python 3.10 or newer, this is " + sys.version.split()[0] + "; name another with PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "no venv module here; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: setup
	$(BIN)/python -m tests.local demo

test: setup
	$(BIN)/ruff format --check --quiet $(SOURCES)
	$(BIN)/ruff check --quiet $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

run: setup
	$(BIN)/python -m tests.local run

package: setup
	$(BIN)/python -m tests.local package

bench: setup
	$(BIN)/python -m tests.bench

# An hour of all tests that draw their input, with fresh seeds; FUZZ_MINUTES=5 for less.
fuzz: setup
	FUZZ_MINUTES=$${FUZZ_MINUTES:-60} $(BIN)/python -m tests.fuzz

# What `make test` does in small, at full length: 200 commands of 64 shards at once, 5,000 invocations of an instance.
soak: setup
	SOAK=1 $(BIN)/python -m pytest tests/e2e/test_load.py tests/e2e/test_load_race.py tests/e2e/test_load_memory.py tests/fuzz/test_fuzz_journal.py tests/e2e/network -o log_cli=true -o log_cli_level=INFO -o log_cli_format="%(message)s"

fix: setup
	$(BIN)/ruff check --fix --quiet $(SOURCES)
	$(BIN)/ruff format --quiet $(SOURCES)

# For maintainers: renews the locked versions. Needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
