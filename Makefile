# Octavia. `make` alone explains every target.
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv/bin
LOCAL := $(VENV)/python -m octavia_local

# Tests run so many files at a time, each process with servers and a platform of its own (about 3 GiB).
JOBS ?= 2

.PHONY: help setup run up down logs test test-long test-unit hostile chaos soak test-engines test-engines-weekly test-tools vllm lint format bench quality capacity sample engines lock manifests test-deploy clean

help: ## Explain every target
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  make run ONCE=1   exits after sample and clip: 0 only if both were downloaded and verified"
	@echo "  make test ARGS=   what to hand to pytest, such as ARGS=\"-k ledger\"; JOBS=2 files at a time"

setup: ## Install what is missing: system packages, Python environment, Kafka and the S3 server
	@sh deploy/local/bootstrap.sh

run: setup ## Start everything, dub the bundled sample, generate a clip, go on serving until Ctrl-C
	@$(LOCAL) run $(if $(ONCE),--once)

up: setup ## Start the same stack in the background
	@$(LOCAL) up

down: ## Stop what `make up` started
	@test -x $(VENV)/python || { echo "Nothing to stop: there is no .venv."; exit 0; }; $(LOCAL) down

logs: ## Follow the logs of all servers and services
	@$(LOCAL) logs

test: lint test-tools ## Everything that needs no GPU and ends in minutes: setup, lint, tests
	@$(VENV)/python -m pytest -m "not slow" -n $(JOBS) --dist loadgroup --no-loadscope-reorder --durations=20 --durations-min=10 $(ARGS)

test-long: test-tools ## Only the slow tests: half an hour of speech, a thousand killed replicas
	@$(VENV)/python -m pytest -m slow $(ARGS)

hostile: test-tools ## Hostile input in the long form: media, addresses, requests
	@$(VENV)/python -m pytest tests/hostile tests/e2e/test_hostile_media.py -s $(ARGS)

test-unit: test-tools ## Only the tests that start no server
	@$(VENV)/python -m pytest -m "not integration and not e2e" $(ARGS)

chaos: setup ## Half an hour of jobs while everything is killed and paused (MINUTES=30 SEED=random)
	@CHAOS_MINUTES=$(or $(MINUTES),30) CHAOS_SEED=$(or $(SEED),$$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')) \
		$(VENV)/python -m pytest -s tests/chaos/test_chaos.py $(ARGS)

soak: setup ## Half an hour of steady load: memory and waiting events stay flat (MINUTES=30)
	@SOAK_MINUTES=$(or $(MINUTES),30) $(VENV)/python -m pytest -s tests/chaos/test_soak.py $(ARGS)

test-engines: engines ## The heavy engines on tiny models, each in its environment, then a whole job through them
	@$(LOCAL) test-engines $(ENGINES)

test-tools: setup ## What only tests need: Chromium, strace
	@$(LOCAL) test-tools

lint: setup ## ruff and mypy --strict over everything
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(LOCAL) typecheck

format: setup ## Let ruff put the layout of the code right
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

bench: setup ## Measure; writes benchmarks/results.json
	@$(VENV)/python -m octavia_benchmarks $(ARGS)

quality: setup ## Dub a fixed, difficult set and print its figures beside a naive chain of the same engines
	@$(VENV)/python -m octavia_benchmarks.quality $(ARGS)

capacity: setup ## Simulate how many workers keep up with how much video; writes docs/capacity.md
	@$(VENV)/python -m octavia_benchmarks.capacity $(ARGS)

sample: setup ## Make the bundled sample video again
	@$(LOCAL) sample

engines: setup ## Install engines that need environments of their own (ENGINES="faster-whisper coqui vllm")
	@$(LOCAL) engines install $(ENGINES)

test-engines-weekly: engines ## The same, where it last passed more than a week ago; says when that was
	@$(LOCAL) test-engines --weekly

vllm: setup ## Serve a language model for the translator (LLM_MODEL=name or path), until Ctrl-C
	@exec $(LOCAL) vllm

lock: setup ## Resolve requirements/*.txt anew from the packages' own pyproject.toml files
	@$(LOCAL) lock

manifests: setup ## Render the Kubernetes manifests anew, after a change below deploy/k8s
	@$(LOCAL) manifests

test-deploy: setup ## Manifests and alert rules, with kustomize, kubectl, kubeconform and promtool
	@$(LOCAL) check-deploy
	@$(VENV)/python -m pytest tests/manifests $(ARGS)

clean: down ## Remove the data, logs, secrets and environments of this checkout
	@$(LOCAL) clean
