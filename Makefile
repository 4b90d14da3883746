# What a person types. Every target makes its own environment in .venv; the second call finds it ready.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Give one to choose: make PYTHON=/usr/bin/python3.12 test
PYTHON ?=
# For pytest: make test ARGS="-m 'not broker'"
ARGS ?=
# make lock keeps what is pinned; make lock UPGRADE=--upgrade takes what is newest.
UPGRADE ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench faults fuzz lock clean
MAKEFLAGS += --no-print-directory

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

demo: $(READY)  ## alerts through a real Kafka, scored, ends by itself (DEMO_KEEP=1 leaves it up)
	@$(BIN)/millrace demo $(if $(filter-out 0,$(DEMO_KEEP)),--keep)

test: $(READY)  ## every test that this machine can run, with a real Kafka
	@$(BIN)/python -m pytest $(ARGS)

check: $(READY)  ## style, types, and which way imports go
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY)  ## the worker on a real Kafka, its rivals and its limits (12 minutes; ARGS=--quick: a small one)
	@$(BIN)/python -m benchmarks $(ARGS)

faults: $(READY)  ## harm to a three-node Kafka and to workers, counted: docs/fault-ledger.md (two hours)
	@$(BIN)/python -m tests.faults $(ARGS)

fuzz: $(READY)  ## any bytes give an event or a dead letter: every format, a minute each (Linux on x86-64)
	@$(BIN)/python -m tests.fuzz $(ARGS)

lock: $(READY)  ## pin what pyproject.toml asks for, with hashes, for every platform
	@test -x $(VENV)/uv/bin/uv || { $(BIN)/python -m venv $(VENV)/uv && $(VENV)/uv/bin/python -m pip -q install uv; }
	@$(VENV)/uv/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet $(UPGRADE) \
		--output-file requirements.lock
	@{ echo '# Pinned, hashed, for every platform and Python >= 3.11. Made by: make lock'; cat requirements.lock; } \
		> $(VENV)/lock && cat $(VENV)/lock > requirements.lock && rm $(VENV)/lock
	@grep -c '==' requirements.lock | sed 's/$$/ packages are pinned in requirements.lock/'

clean:  ## remove the environment and everything that tools have written here
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .grimp_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A python3.x on the path may be a version manager's stand-in that only complains: each is asked its version.
$(READY): requirements.lock pyproject.toml
	@python=; for each in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
		"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && python=$$each && break; \
	done; \
	test -n "$$python" || { echo 'Python 3.11 or newer is needed ($(if $(PYTHON),$(PYTHON) is not,none is on the path)); name one: make PYTHON=…' >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$$python cannot make environments: it lacks ensurepip (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "making $(VENV) with $$("$$python" --version)" && "$$python" -m venv $(VENV); }
	@echo 'installing the pinned packages into $(VENV) (once, about a minute)'
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
