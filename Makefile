# `make demo` and `make test` do everything from a clean checkout on Debian 12; `make help` lists
# the rest. What is made lies in .build/ and, for the engine, in DEEPGEOLOGY_HOME (if that is not
# set: the platform's folder for local data); a second run uses it again.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

SYSTEM_PYTHON ?= /usr/bin/python3
PACKAGES := qgis python3-qgis qgis-providers python3-gdal python3-venv xvfb xauth procps git
TOOLS := .build/tools/bin/python
SUITES ?=
UV ?= uv
LOCK = $(UV) pip compile -q --universal --python-version 3.10 --generate-hashes \
  --no-header --no-annotate
MARKS ?= not soak and not desktop
VERSIONS ?= bookworm,trixie,sid
TESTS ?=
LANGUAGES ?=
# What pyCSEP and ONNX Runtime need and the engine has.
IN_ENGINE := affine attrs certifi click click-plugins cligj contourpy cycler fonttools kiwisolver \
  matplotlib mpmath numpy packaging pillow protobuf pyparsing python-dateutil rasterio scipy \
  setuptools six sympy typing-extensions tzdata

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## install QGIS and the other Debian packages that are missing (as root)
	@missing=""; \
	for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' \
	    || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null || [ "$$(id -u)" != 0 ]; then \
	  echo "Missing:$$missing. Install them as root, then go on:" \
	    "apt-get install --no-install-recommends$$missing"; \
	  exit 1; \
	fi; \
	echo "Installing$$missing ..."; \
	export DEBIAN_FRONTEND=noninteractive; \
	install="apt-get install -qq -y --no-install-recommends$$missing"; \
	$$install >/dev/null 2>&1 || { apt-get update -qq && $$install >/dev/null; }

tools: setup .build/tools/installed ## make the environment of pytest, ruff and Bandit

.build/tools/installed: test/requirements.txt
	@echo "Installing pytest, ruff and Bandit ..."
	@rm -rf .build/tools
	@$(SYSTEM_PYTHON) -m venv --system-site-packages .build/tools
	@$(TOOLS) -m pip install -q --require-hashes -r test/requirements.txt
	@touch $@

# The engine's own environment stays as users have it: pytest lies beside it.
engine-tools: tools engine
	@python="$$(cat .build/engine_python)"; \
	if ! PYTHONPATH=.build/engine_tools "$$python" -c 'import pytest, pytest_timeout' \
	    2>/dev/null || [ test/requirements.txt -nt .build/engine_tools ]; then \
	  rm -rf .build/engine_tools; \
	  $(TOOLS) -m pip --python "$$python" install -q --require-hashes --target .build/engine_tools \
	    -r test/requirements.txt; \
	  touch .build/engine_tools; \
	fi

# pyCSEP and ONNX Runtime lie behind the engine's libraries, of which they use what they can.
pycsep onnx_runtime: %: engine-tools .build/%/installed

.build/pycsep/installed .build/onnx_runtime/installed: .build/%/installed: test/%/requirements.txt
	@echo "Installing $* for the tests ..."
	@rm -rf .build/$*
	@$(TOOLS) -m pip --python "$$(cat .build/engine_python)" install -q --no-deps \
	  --require-hashes --target .build/$* -r $<
	@touch $@

# MkDocs has an environment of its own, as it brings two dozen packages.
docs-tools: setup .build/docs/installed

.build/docs/installed: docs/requirements.txt
	@echo "Installing MkDocs ..."
	@rm -rf .build/docs
	@$(SYSTEM_PYTHON) -m venv .build/docs
	@.build/docs/bin/python -m pip install -q --require-hashes -r docs/requirements.txt
	@touch $@

docs: docs-tools ## build the site of the documentation in .build/site; opens without a server
	@NO_MKDOCS_2_WARNING=1 .build/docs/bin/mkdocs build -q
	@echo "Open .build/site/index.html"

engine: setup ## make the engine's Python environment, as Prepare engine does
	@mkdir -p .build
	@$(SYSTEM_PYTHON) test/make_engine.py .build/engine_python

# QGIS finds the plugin by the name of its folder, whatever the checkout is called.
plugin-link:
	@mkdir -p .build/plugins .build/profile
	@ln -sfn ../.. .build/plugins/deep_geology

test: engine-tools pycsep onnx_runtime docs-tools plugin-link ## check the style, then run all suites (SUITES=style|house|engine|qgis)
	@$(TOOLS) test/run_suites.py --marks "$(MARKS)" $(SUITES)

soak: engine-tools plugin-link ## run the tests that repeat for minutes
	@$(TOOLS) test/run_suites.py --marks soak engine qgis

test-matrix: engine-tools plugin-link ## run the tests of the algorithms in QGIS 3.22, 3.40 and 3.44 (as root; VERSIONS=bookworm,trixie,sid)
	@$(TOOLS) test/run_matrix.py --marks "$(MARKS)" --suites $(VERSIONS) $(TESTS)

desktop: engine-tools plugin-link ## run the tests that need the desktop, under Xvfb
	@$(TOOLS) test/run_suites.py --marks desktop qgis

benchmark: engine onnx_runtime ## measure time, memory and scores in short, into .build/benchmarks.md
	@$(SYSTEM_PYTHON) test/run_benchmarks.py

lint: tools ## check style and rules with ruff
	@$(TOOLS) -m ruff format --check -q . || { echo "Run make format."; exit 1; }
	@$(TOOLS) -m ruff check .

check: tools docs-tools ## check style, rooms, texts and the package: half a minute, needs no engine
	@$(TOOLS) test/run_suites.py style house

format: tools ## put all files in ruff's form
	@$(TOOLS) -m ruff check -q --fix . || true
	@$(TOOLS) -m ruff format -q .

package: tools ## make and check the zip that users install, in .build/package
	@$(TOOLS) -m pytest -q -p no:cacheprovider test/test_package.py
	@$(TOOLS) test/make_package.py .build/package

demo: engine plugin-link ## train and classify on the samples through qgis_process
	@$(SYSTEM_PYTHON) demo/demo.py

pictures: engine ## take the pictures of the docs in the desktop, under Xvfb
	@bash docs/take_pictures.sh .build/pictures
	@bash docs/take_pictures.sh .build/pictures label_pictures
	@bash docs/take_pictures.sh .build/pictures seismic_pictures
	@bash docs/take_pictures.sh .build/pictures upscaling_pictures
	@bash docs/take_pictures.sh .build/pictures language_pictures

models: setup ## write the ready-made models again (in QGIS 3.22)
	@PYTHONPATH=/usr/share/qgis/python/plugins $(SYSTEM_PYTHON) resources/models3/make.py

texts: setup ## bring the catalogs of translations up to date (LANGUAGES=de begins a new one)
	@$(SYSTEM_PYTHON) resources/i18n/make.py $(LANGUAGES)

lock: ## lock the versions of the engine's libraries and of the tools again (needs uv)
	@cd resources/engine && $(LOCK) requirements.in -o requirements.lock
	@cd test && $(LOCK) requirements.in -o requirements.txt
	@cd docs && $(LOCK) requirements.in -o requirements.txt
	@for place in pycsep onnx_runtime; do (cd test/$$place && \
	  $(LOCK) -c ../../resources/engine/requirements.lock \
	    $(addprefix --no-emit-package ,$(IN_ENGINE)) requirements.in -o requirements.txt); done

clean: ## remove what was made in the checkout; the engine stays
	@rm -rf .build .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup tools engine-tools pycsep onnx_runtime docs-tools docs engine plugin-link test soak test-matrix desktop benchmark lint \
  check format package demo pictures models texts lock clean
