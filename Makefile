# `make play` and `make test` do all set-up: a virtual environment in .venv with pinned versions.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
DATA ?= ../shared/data
SETS := $(addprefix $(DATA)/,kaggle gz2 kaggle_five gz1 efigi)

.PHONY: texts play test check model cards deck clean

play: .venv/play.stamp ## install what the game needs, and start it
	$(BIN)/tuningfork play

# Files of tests run beside each other; threads of one that wait must not hold the other's core.
test: .venv/test.stamp ## install everything, then lint, types and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_WAIT_POLICY=passive $(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

TRAIN = $(BIN)/tuningfork train $(SETS) --exclude $(DATA)/reference_test --same $(DATA)/same_galaxy.csv \
	--output $(1) $(if $(STEPS),--steps $(STEPS)) $$([ -f $(1)/run.json ] && echo --resume)
CALIBRATE = $(BIN)/tuningfork calibrate $(1) $(addprefix $(DATA)/,kaggle gz2 kaggle_five efigi) \
	--frame kaggle_five=0.71698 --frame efigi=0.5 --same $(DATA)/same_galaxy.csv \
	--not-galaxies $(DATA)/not_galaxies.zip --output $(1)/calibrated.onnx
FOLDS := 1 2 3 4
FOLDED := $(addprefix --fold runs/fold,$(FOLDS))

# Started again it goes on where it stood; `rm -r runs` begins anew. STEPS=2 rehearses it, in a copy of the project.
model: .venv/test.stamp ## train the bundled networks anew and put them in their place
	for recipe in compact taught lean longer; do [ -f runs/$$recipe/calibrated.onnx ] || { \
		$(call TRAIN,runs/$$recipe) --recipe $$recipe && \
		$(call CALIBRATE,runs/$$recipe); } || exit 1; done
	for fold in $(FOLDS); do [ -f runs/fold$$fold/model.onnx ] || $(call TRAIN,runs/fold$$fold) \
		--recipe crossed --fold $$fold/$(words $(FOLDS)) || exit 1; done
	for recipe in symmetric second_round second_seed; do [ -f runs/$$recipe/calibrated.onnx ] || { \
		$(call TRAIN,runs/$$recipe) --recipe $$recipe && \
		$(call CALIBRATE,runs/$$recipe) $(FOLDED); } || exit 1; done
	[ -f runs/full/model.onnx ] || $(call TRAIN,runs/full) --recipe full
	$(call CALIBRATE,runs/full) $(FOLDED)
	[ -f runs/swift/model.onnx ] || $(call TRAIN,runs/swift) --recipe swift
	$(call CALIBRATE,runs/swift)
	for name in full swift; do to=src/tuningfork/model/weights/$$name; \
		cp runs/$$name/calibrated.onnx $$to.onnx && cp runs/$$name/calibrated.json $$to.json && \
		cp runs/$$name/metrics.jsonl $$to.metrics.jsonl || exit 1; done

# Opens the reference's test: write it down in docs/experiments.md.
cards: .venv/test.stamp ## measure the bundled network and write docs/model-card.md and data-card.md
	mkdir -p build/cards
	$(BIN)/tuningfork evaluate $(DATA)/reference_test --json build/cards/reference_test.json \
		--against $(DATA)/reference_predictions.csv --report build/cards/reference_test.html
	$(BIN)/tuningfork evaluate $(DATA)/reference_test --model swift --json build/cards/swift.json
	for set in kaggle gz2; do $(BIN)/tuningfork evaluate $(DATA)/$$set --held-out \
		--same $(DATA)/same_galaxy.csv --json build/cards/$$set.json \
		--report build/cards/$$set.html || exit 1; done
	$(BIN)/tuningfork evaluate src/tuningfork/images/simulated/deck --json build/cards/simulated.json
	$(BIN)/tuningfork volunteers $(DATA)/kaggle $(DATA)/gz2 --same $(DATA)/same_galaxy.csv --keep \
		--json build/cards/volunteers.json --figure docs/images/volunteers.svg
	$(BIN)/python -m tuningfork.report.cards build/cards $(DATA) docs

deck: .venv/play.stamp ## draw the shipped deck of simulated galaxies anew
	rm -rf src/tuningfork/images/simulated/deck
	$(BIN)/tuningfork simulate --output src/tuningfork/images/simulated/deck \
		$$($(BIN)/python -c 'from tuningfork.images import simulated as sky; print("--count", sky.DECK_COUNT, "--seed", sky.DECK_SEED)')

texts: .venv/test.stamp ## take new texts of the game's pages into the catalogues, and compile them
	$(BIN)/python tools/texts.py

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
