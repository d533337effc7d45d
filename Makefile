# `make play` and `make test` do all set-up: a virtual environment in .venv with pinned versions.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
DATA ?= ../shared/data
SETS := $(addprefix $(DATA)/,kaggle gz2 kaggle_five gz1 efigi)

.PHONY: play test check model deck clean

play: .venv/play.stamp ## install what the game needs, and start it
	$(BIN)/tuningfork play

test: .venv/test.stamp ## install everything, then lint, types and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

model: .venv/test.stamp ## train the bundled network anew and put it in its place
	$(BIN)/tuningfork train $(SETS) --recipe compact --output runs/compact \
		--exclude $(DATA)/reference_test --same $(DATA)/same_galaxy.csv
	cp runs/compact/model.onnx src/tuningfork/model/weights/compact.onnx
	cp runs/compact/model.json src/tuningfork/model/weights/compact.json

deck: .venv/play.stamp ## draw the shipped deck of simulated galaxies anew
	rm -rf src/tuningfork/images/simulated/deck
	$(BIN)/tuningfork simulate --output src/tuningfork/images/simulated/deck \
		$$($(BIN)/python -c 'from tuningfork.images import simulated as sky; print("--count", sky.DECK_COUNT, "--seed", sky.DECK_SEED)')

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tuning Fork needs Python 3.11 or later: make play PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/play.stamp: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable .
	touch $@

.venv/test.stamp: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable '.[test]'
	touch $@ .venv/play.stamp

clean: ## remove the environment and everything made
	rm -rf .venv runs build src/*.egg-info
