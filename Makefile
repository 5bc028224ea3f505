# make install | demo | test | bench | bench-peers | score | faults | clean.  Needs Debian 12 / Raspberry Pi OS with python3 (3.11 or newer); the rest is installed.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
# what an installation depends on: a change of one of these builds anew
BUILD_INPUTS := pyproject.toml setup.py $(wildcard cython_ext/_*.pyx) deploy/install-tools

.PHONY: install demo test lint bench bench-peers score faults clean
.DELETE_ON_ERROR:

install: $(VENV)/.installed

$(VENV)/.installed: $(BUILD_INPUTS)
	@PYTHON=$(PYTHON) deploy/install-tools build
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "installing hplc-edge into $(VENV) (compiles the kernels: half a minute)"
	@$(PIP) install --editable '.[sim,demo]'
	@touch $@
	@echo "done: $(VENV)/bin/hplc-edge --help"

$(VENV)/.tested: $(VENV)/.installed
	@PYTHON=$(PYTHON) deploy/install-tools servers
	@$(PIP) install --editable '.[sim,demo,test]'
	@touch $@

demo: install
	@$(VENV)/bin/hplc-edge demo

lint: $(VENV)/.tested
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

test: $(VENV)/.tested lint
	$(VENV)/bin/python -m pytest -n auto --dist worksteal

bench: $(VENV)/.tested
	@$(VENV)/bin/hplc-edge bench

bench-peers: $(VENV)/.tested
	@$(VENV)/bin/hplc-edge bench peers

# the labelled sets that the repository may hold ('hplc-edge score SET DIR' takes any other of their layout), then outages drawn from a
# seed: 'make score OUTAGES=2000' for tables of which a single miss does not spoil a goal, ten minutes each on two cores
OUTAGES ?= 320
score: $(VENV)/.tested
	@$(VENV)/bin/hplc-edge score all tests/data
	@$(VENV)/bin/hplc-edge score outage --draws $(OUTAGES) --delivery 0.9 --sweep
	@$(VENV)/bin/hplc-edge score outage --draws $(OUTAGES) --delivery 0.8 --polls 10

# ten million damaged frames through every codec, about a quarter of an hour on two cores
faults: $(VENV)/.tested
	@$(VENV)/bin/python -m benchmarks.faults.run

clean:
	rm -rf $(VENV) build dist *.egg-info cython_ext/*.so cython_ext/_*.c .pytest_cache .mypy_cache .ruff_cache .hypothesis
