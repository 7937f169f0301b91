# What one types. `make run` and `make test` install what they need into .venv first, and only when it has changed.

PYTHON ?= python3
BIN := .venv/bin

.SILENT:
.PHONY: help run demo test test-people test-processes test-parts test-pages test-all check
.DEFAULT_GOAL := help

help:
	echo "make run    a made-up city with three phones on a web page; on Telegram if BOT_TOKEN is set"
	echo "make demo   the whole loop told by itself, on SUBJECTS=file.csv if given"
	echo "make test   the tests, within fifteen minutes on two cores; ARGS='-k draw' for some"
	echo "make test-all  with the longest dialogues, and dialogues on PostgreSQL too; about an hour"
	echo "make check  style, types, floors"

run: .venv/.installed
	exec $(BIN)/python -m bot demo

demo: .venv/.installed
	exec $(BIN)/python -m bot demo --story $(if $(SUBJECTS),--subjects "$(SUBJECTS)")

test: .venv/.installed-dev
ifdef ARGS
	tests/with_postgres.sh $(BIN)/python -m pytest $(ARGS)
else
	tests/with_postgres.sh $(MAKE) --no-print-directory -j 4 --output-sync=target test-people test-processes test-parts test-pages
endif

# The parts of the suite, side by side: people and processes mostly wait, the others compute.
test-people:
	$(BIN)/python -m pytest tests/conversations

test-processes:
	TEST_POSTGRES_URL="$$TEST_POSTGRES_URL_4" $(BIN)/python -m pytest tests/e2e

test-parts:
	TEST_POSTGRES_URL="$$TEST_POSTGRES_URL_2" $(BIN)/python -m pytest --ignore=tests/conversations --ignore=tests/e2e --ignore=tests/web

test-pages:
	TEST_POSTGRES_URL="$$TEST_POSTGRES_URL_3" $(BIN)/python -m pytest tests/web

test-all: .venv/.installed-dev
	ALL_TESTS=1 WALKS=200 ROUNDS=50 tests/with_postgres.sh $(BIN)/python -m pytest

check: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | $(BIN)/python
	echo "Installing into .venv …"
	$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	echo "Installing what tests need into .venv …"
	$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@
