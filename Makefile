# Each target makes what it needs: a virtual environment in .venv and the packages of constraints.txt.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One process a core, four at most; tests that share what is slow to make stay together (tests/conftest.py).
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-all lint bench docs clean help

help:
	@echo "make demo   train on real Chinese reviews, export, prove that every copy agrees, serve and ask"
	@echo "make test   the fast tests; make test-all for the slow ones too"
	@echo "make lint   ruff and type hints"
	@echo "make bench DATA=DIR   the benchmarks, on the data sets in DIR"
	@echo "make docs   write docs/recipe.md anew from the recipe's schema"

demo: $(VENV)/installed
	PATH="$(abspath $(BIN)):$$PATH" sh pipelines/demo.sh

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(PARALLEL)

test-all: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(PARALLEL) -m "slow or not slow"

lint: $(VENV)/installed-dev
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/installed-bench
	@test -n "$(DATA)" || { echo "name the folder of the data sets: make bench DATA=DIR (see benchmarks/README.md)"; exit 2; }
	$(BIN)/python -m benchmarks.tokenizers
	$(BIN)/python -m benchmarks.text_classification $(DATA)

docs: $(VENV)/installed-dev
	$(BIN)/python -m tfnlp.recipe_reference > docs/recipe.md

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("tfnlp needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python setup.cfg constraints.txt
	$(PIP) -e ".[snownlp]"
	touch $@

$(VENV)/installed-dev: $(BIN)/python setup.cfg constraints.txt
	$(PIP) -e ".[snownlp,test,lint]"
	touch $@

$(VENV)/installed-bench: $(BIN)/python setup.cfg constraints.txt
	$(PIP) -e ".[snownlp,bench]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
