# make book        execute the chapters and build the HTML
# make test        run every check
# make quick       the fast ones, without a browser and without a chapter, while you work
# make format      put Python, JavaScript and style sheets into their one form
# make notebooks   put the chapters into the state they are kept in; STUDENT=1: copies without solutions
# make pretrained  train the shipped weights anew; make seeds: the five seeds of the training chapter;
#                  make followed: one weight during a training;
# make photographs how many simulated pictures of each kind are read, and by two other recipes
# make augmented   train the weights for real pens, which refuse what is no digit, and measure both
# make experiments train every variant that the chapters compare; goes on where it was stopped
# make calibration what networks answer to the test set, and how sure they are
# make kills N=200 kill a training N times, and compare what it ends with
# make fuzz MINUTES=10   damage files of each kind that is read, for that long each
# make worksheets SEED=7 CLASS=30   pencil sheets with other numbers for every student, and solutions
# make dist        the whole book to take away: one PDF, zips of the pages and the notebooks; the wheel
# make bench       measure speed and size, after make book
# make repository URL=https://github.com/NAME/REPOSITORY   write the address everywhere
# make clean       remove what was built

SHELL := /usr/bin/env bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := book
.PHONY: book dist test quick format notebooks pretrained seeds followed photographs augmented experiments calibration kills fuzz worksheets bench repository requirements clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
EXECUTED := _build/.jupyter_cache _build/.doctrees _build/html
LIBRARY := $(shell find mnist_lib _ext -type f -not -path '*/__pycache__/*')

book: $(READY) _build/.library
	@mkdir -p _build && $(BIN)/python -c 'from mnist_lib.data import load_mnist; print(load_mnist().source.split(";")[0])' > _build/.data.now
	@cmp -s _build/.data.now _build/.data || rm -rf $(EXECUTED)
	@mv _build/.data.now _build/.data
	$(BIN)/python -m tools.book
	@echo "Built on:  $$(cat _build/.data)"
	@echo "Open it:   file://$(CURDIR)/_build/html/index.html"

dist: book
	$(BIN)/python -m tools.dist

test: $(READY)
	$(BIN)/python -m tools.check

quick: $(READY)
	$(BIN)/python -m tools.check --quick

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/biome format --write --config-path=tools mnist_lib/explorer _static

notebooks: $(READY)
	$(BIN)/python -m tools.notebooks $(if $(STUDENT),--student _build/student)

pretrained: $(READY)
	$(BIN)/python -m tools.pretrained weights

seeds: $(READY)
	$(BIN)/python -m tools.pretrained seeds

followed: $(READY)
	$(BIN)/python -m tools.pretrained followed

photographs: $(READY)
	$(BIN)/python -m tools.photographs

augmented: $(READY)
	$(BIN)/python -m tools.augmented

experiments: $(READY)
	$(BIN)/python -m tools.experiments

calibration: $(READY)
	$(BIN)/python -m tools.calibration

kills: $(READY)
	MNIST_KILLS=$(or $(N),20) $(BIN)/python -m pytest -q -p no:xdist tests/test_checkpoint.py -k killed_at_any_moment

fuzz: $(READY)
	MNIST_FUZZ_MINUTES=$(or $(MINUTES),10) $(BIN)/python -m pytest -q -s -p no:xdist tests/test_fuzz.py tests/live/test_share.py -k damaged

worksheets: $(READY)
	$(BIN)/python -m tools.worksheets --seed $(or $(SEED),1) --students $(or $(CLASS),1)

bench: $(READY)
	$(BIN)/python -m tools.bench

repository: $(READY)
	$(BIN)/python -m tools.repository "$(URL)"

requirements: $(READY)
	$(BIN)/python -m tools.requirements

clean:
	rm -rf _build _static/generated

# The cache of executed chapters knows their cells, not the library and the data that they use.
_build/.library: $(LIBRARY) requirements.txt
	rm -rf $(EXECUTED)
	@mkdir -p _build && touch $@

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "expected Python 3.11 to 3.13, got %d.%d: make PYTHON=python3.13" % v)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --progress-bar off --require-hashes --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
