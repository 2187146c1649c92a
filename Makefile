# Each target does all of its own set-up: a machine with Python 3.10 or newer and a package registry is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := shared functions tests

.PHONY: setup demo test run fix lock clean

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
	$(BIN)/python -m pytest

run: setup
	$(BIN)/python -m tests.local run

fix: setup
	$(BIN)/ruff check --fix --quiet $(SOURCES)
	$(BIN)/ruff format --quiet $(SOURCES)

# For maintainers: renews the locked versions. Needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
