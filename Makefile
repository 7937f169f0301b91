# What one types. `make run` and `make test` install what they need into .venv first, and only when it has changed.

PYTHON ?= python3
BIN := .venv/bin

.SILENT:
.PHONY: help run demo test test-all check bench lock
.DEFAULT_GOAL := help

help:
	echo "make run    a made-up city with three phones on a web page; on Telegram if BOT_TOKEN is set"
	echo "make demo   the whole loop told by itself, on SUBJECTS=file.csv if given"
	echo "make test   the tests and what they do not reach, within fifteen minutes on two cores; ARGS='-k draw' for some"
	echo "make test-all  with the longest dialogues, and dialogues on PostgreSQL too; about an hour"
	echo "make check  style, types, floors"
	echo "make bench  what it can do, into docs/benchmarks.md; half an hour, on a machine that does nothing else"
	echo "make lock   requirements.txt and requirements-dev.txt anew from pyproject.toml"

run: .venv/.installed
	exec $(BIN)/python -m bot demo

demo: .venv/.installed
	exec $(BIN)/python -m bot demo --story $(if $(SUBJECTS),--subjects "$(SUBJECTS)")

# What starts processes and browsers takes longest, so it comes first; four workers, because people mostly wait. The
# whole suite ends with the lines and branches it does not reach, and fails where that is more than 8 %; a part does not.
MEASURED := $(BIN)/python -m slipcover --branch --format json --out .coverage.json -m pytest -n 4
test: .venv/.installed-dev
	tests/with_postgres.sh $(if $(ARGS),$(BIN)/python -m pytest $(ARGS),$(MEASURED))
	$(if $(ARGS),,$(BIN)/python -m slipcover --merge .coverage.json --out .coverage.json --fail-under 92 --skip-covered)

test-all: .venv/.installed-dev
	ALL_TESTS=1 WALKS=200 ROUNDS=50 KILLS=200 FAULTS=5 FLOOD=5000 FUZZ=6000 tests/with_postgres.sh $(BIN)/python -m pytest -n 2

bench: .venv/.installed-dev
	$(BIN)/python bench/report.py $(ARGS)

check: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The files name everything, so pip installs them with --no-deps and has nothing to choose.
LOCK := uv pip compile --quiet --generate-hashes --no-header --python-version 3.11
lock: $(BIN)/python
	$(BIN)/pip install -qq --disable-pip-version-check uv
	$(BIN)/$(LOCK) $(UPGRADE) -o requirements.txt pyproject.toml
	$(BIN)/$(LOCK) $(UPGRADE) -o requirements-dev.txt --extra dev -c requirements.txt pyproject.toml

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | $(BIN)/python
	echo "Installing into .venv …"
	$(BIN)/pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	echo "Installing what tests need into .venv …"
	$(BIN)/pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	touch $@
