# Two commands do all set-up: `make demo` (the main job) and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help venv packages test-packages lint test test-full unit demo stop

help:
	@echo "make demo   build, publish and prove a real stack for three distros"
	@echo "make stop   stop what the demo started"
	@echo "make test   lint, types and all tests (unit: only the quick ones)"
	@echo "make test-full   hundreds of kills and client loops: hours"

venv: $(VENV)/.ready

$(VENV)/.ready: requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "installing the Debian package python3-venv"; \
	    $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/lock.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

packages:
	$(PYTHON) -m demo.setup

test-packages:
	$(PYTHON) -m demo.setup --tests

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: venv
	$(BIN)/pytest -n auto tests/unit

# The short directory: sockets of gpg-agent do not go with long paths.
test: venv test-packages lint
	place=$$(mktemp -d /tmp/farm-XXXXX) && \
	    $(BIN)/pytest -n auto --dist loadfile --basetemp $$place tests/unit tests/real && \
	    rm -rf $$place

# Besides what `make test` does; each test there says how long it may take.
test-full: venv test-packages
	$(BIN)/pytest tests/full

demo: venv packages
	$(BIN)/python -m demo up

stop: venv
	$(BIN)/python -m demo stop
