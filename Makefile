# Two commands: `make demo` and `make test`. Both make their own environment.
PYTHON ?= python3
VENV := .venv
# Test processes; give more on a larger machine: make test WORKERS=8
WORKERS ?= 2
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
export OMP_WAIT_POLICY = passive
export OMP_NUM_THREADS = 1

.PHONY: demo test check format clean

demo: $(VENV)/.installed
	$(BIN)/avsynth models fetch
	$(BIN)/avsynth demo avsynth-demo

test: $(VENV)/.installed-dev
	$(BIN)/avsynth models fetch
	$(MAKE) check

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	# The documents and whole dubs take longest: in the order they lie, they come first and nobody waits for them.
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/bin/python $(VENV)/Scripts/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) avsynth-demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
