# Two commands on a fresh machine with Python 3.11+: `make demo` and `make test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints.txt

# torch first, alone: it is most of what is installed, and pip keeps all that one run of it downloads
# until the last of it is installed. Where that fails, the disks are shown: one of them may be full.
install = $(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) $(1) || { df -h . "$${TMPDIR:-/tmp}"; exit 1; }

# What is needed is installed once per change of pins, which the stamp tells.
STAMP := $(VENV)/.installed
TRANSFORMERS4 := $(abspath $(VENV))/transformers4

.PHONY: demo test test-slow test-transformers4 lint docs docs-site clean

demo: $(STAMP)
	$(BIN)/gxarena run quickstart --out runs/quickstart
	$(BIN)/gxarena report runs/quickstart --out runs/quickstart-report
	$(BIN)/gxarena site runs/quickstart leaderboard --out runs/site

# Two processes with a thread each: two torch processes that both want every core fight for them.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n 2 --durations 30

test-slow: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow -n 2 --durations 15

# The plugins that use transformers, with its version 4 laid over the environment's.
test-transformers4: export PYTHONPATH := $(TRANSFORMERS4)
test-transformers4: export OMP_NUM_THREADS := 1
test-transformers4: $(TRANSFORMERS4)/.installed
	$(BIN)/python -c 'import transformers; assert transformers.__version__.startswith("4."), transformers'
	$(BIN)/python -m pytest -m "not slow" -n 2 $(addprefix tests/plugins/gxarena_,dnabert2 hf torch)

$(TRANSFORMERS4)/.installed: $(STAMP) constraints-transformers4.txt
	rm -rf $(TRANSFORMERS4)
	$(BIN)/python -m pip install --quiet --no-deps --target $(TRANSFORMERS4) --requirement constraints-transformers4.txt
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The tables of README and docs, from the boards in leaderboard/ and the model cards.
docs: $(STAMP)
	$(BIN)/python docs/tables.py

$(STAMP): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gxarena: expected Python 3.11 or newer, got " + sys.version.split()[0] + ". Run make PYTHON=python3.12 demo")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(call install,torch torchvision)
	$(call install,--editable ".[dev]")
	touch $(STAMP)

# The documentation as pages; a warning is an error.
docs-site: $(STAMP)
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) runs build dist
