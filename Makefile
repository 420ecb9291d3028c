# Each target sets up all that it needs from Python ≥ 3.11, git and make: .venv from the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Where TLS is inspected the authority stands in the system's store, which pip reads by itself and
# uv only if it is told to (this variable: since 0.11; docs.astral.sh/uv/concepts/authentication).
UV := 'uv>=0.11'
export UV_SYSTEM_CERTS ?= true
# All but spark, which has a target of its own.
EXTRAS := --extra postgresql --extra s3 --extra sftp

.DEFAULT_GOAL := help
.PHONY: help demo test test-newest test-oldest test-spark lint format docs docs-serve bench lock generate clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "cytoreg needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 …" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## simulate a hospital, refresh its registry, show the publication's figures
	$(BIN)/cytoreg simulate extracts
	$(BIN)/cytoreg refresh --as-of 2016-12-31
	$(BIN)/cytoreg query "select figure, stratum, published, round(observed, 2) as observed, round(lower, 2) as lower, round(upper, 2) as upper, agrees from marts.publication_benchmark"
	@echo "The steward's report: $$($(BIN)/cytoreg report)"

test: $(READY) ## run every test
	$(BIN)/pytest

# What other releases may break: a night, DuckDB's API and files, rules, suites, estimates, kinds of
# source, Prefect.
CORE := tests/test_face.py tests/engine/test_publish.py tests/engine/test_query.py \
  tests/engine/test_spilling.py tests/engine/test_suites.py tests/flows/test_nightly.py \
  tests/keeping/test_verify.py tests/report/test_page.py tests/rules/test_rules_fallback.py \
  tests/rules/test_rules_judge.py tests/sources/test_excel.py tests/sources/test_fhir_views.py \
  tests/sources/test_parquet.py tests/sources/test_redcap_incremental.py tests/sources/test_statistics.py \
  tests/survival/test_cohort.py tests/survival/test_cox.py tests/survival/test_estimates.py

test-newest: RESOLUTION := highest
test-newest: ## test the core with the newest releases that the bounds allow, without the lock
test-oldest: RESOLUTION := lowest-direct
test-oldest: ## test the core with the oldest releases that the bounds allow, without the lock
test-newest test-oldest: test-%: $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)-$*
	$(BIN)/uv pip install --quiet --python $(VENV)-$*/bin/python --resolution $(RESOLUTION) \
	  $(EXTRAS) --group dev -r pyproject.toml
	$(BIN)/uv pip install --quiet --python $(VENV)-$*/bin/python --no-deps --no-build-isolation -e .
	$(VENV)-$*/bin/python -m pytest $(CORE)

# Spark is 450 MB, so it is neither in the lock nor in the environment of the other targets.
test-spark: $(READY) ## test judging on Spark beside DuckDB (needs Java 17 or 21; minutes)
	@"$${JAVA_HOME:+$$JAVA_HOME/bin/}java" -version >/dev/null 2>&1 || \
	  { echo "Spark needs Java 17 or 21: apt install openjdk-17-jre-headless, or set JAVA_HOME." >&2; exit 2; }
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)-spark
	$(BIN)/uv pip install --quiet --python $(VENV)-spark/bin/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(VENV)-spark/bin/python --no-build-isolation -e '.[spark]'
	$(VENV)-spark/bin/python -m pytest -m spark -n 0 tests/spark

lint: $(READY) ## ruff, mypy (strict on the engine, little Any), generated pages up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tests/any_share.py
	$(BIN)/python docs/generate.py --check

format: $(READY) ## let ruff format and mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## build the documentation into site/
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict

docs-serve: $(READY) ## read the documentation in a browser while writing it
	$(BIN)/mkdocs serve

generate: $(READY) ## write the generated pages of docs/reference anew
	$(BIN)/python docs/generate.py

bench: $(READY) ## measure beside peers (an hour; SIZE=--smallest: does each run? 2 minutes)
	set -e; for each in refresh nights rules comparisons survival net_survival naaccr sheets files \
	  database hl7_messages fhir steward; do $(BIN)/python benchmarks/$$each.py $(SIZE); done

lock: ## resolve the lock anew (universal, with hashes, without index addresses)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	  $(EXTRAS) --group dev --group docs pyproject.toml -o requirements.lock --custom-compile-command "make lock"

clean: ## remove the environment, simulated extracts and builds
	rm -rf $(VENV) $(VENV)-newest $(VENV)-oldest $(VENV)-spark extracts data site .pytest_cache .mypy_cache .ruff_cache .hypothesis
