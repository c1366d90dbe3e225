# `make` lists the targets. Works with GNU make 3.81 (macOS) and newer.
# Further arguments: make dev ARGS="--client-port 4000", make test ARGS="journeys".

.DEFAULT_GOAL := help
.NOTPARALLEL:

CARGO ?= cargo
ARGS  ?=

# Tests wait for servers more than they compute.
export RUST_TEST_THREADS ?= 4

.PHONY: help dev test check fmt build bench chaos breakdown outage timing fuzz fuzz-code fuzz-api upgrade-test openapi charts chart-docs cluster-up cluster-down lint-ops image image-smoke ci clean-dev \
        prerequisites prerequisites-browser prerequisites-clock fmt-check clippy-provider clippy-client clippy doc deny test-provider test-client

help:
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

dev: prerequisites ## Run both roles with a private database and example documents; Ctrl-C stops
	$(CARGO) run -- dev $(ARGS)

test: prerequisites-browser ## Run every test; a private PostgreSQL is started for them
	$(CARGO) test $(ARGS)

check: fmt-check clippy-provider clippy-client clippy doc deny ## Check formatting, lints, documentation and dependencies

fmt: ## Format the code
	$(CARGO) fmt

build: prerequisites ## Build the release program, target/release/oc
	$(CARGO) build --release

image: ## Build the container image and the list of what is in it (docs/IMAGE.md)
	@scripts/image.sh $(ARGS)

image-smoke: ## Run both roles from the image as production does; looks at what is inside, too
	@scripts/image-smoke.sh

bench: prerequisites ## Measure; print tables, write bench/*.json and docs/bench.svg
	$(CARGO) bench --bench load $(ARGS)

chaos: prerequisites ## Kill processes and break the network while 20,000 documents are sent
	$(CARGO) test --release --test proof -- --long chaos $(ARGS)

breakdown: prerequisites-clock ## Send while the database dies, the disk is full, the clocks jump
	$(CARGO) test --release --test proof -- --long database $(ARGS)

outage: prerequisites ## Measure what an outage of the client role costs; write bench/outage.json
	$(CARGO) test --release --test proof -- --long outage $(ARGS)

timing: prerequisites ## Measure whether refusals of codes differ in time; wants a quiet machine
	$(CARGO) test --release --test it -- --ignored --nocapture no_refusal_can_be_told_from_another_by_its_time $(ARGS)

fuzz: fuzz-code fuzz-api ## Throw chance at the parsers and at both roles (FUZZ_SECONDS, FUZZ_EXAMPLES)

fuzz-code: prerequisites ## Run each fuzz target for a minute; ARGS="token markdown" for some
	@scripts/fuzz.sh $(ARGS)

fuzz-api: prerequisites ## Ask both roles whatever their API descriptions allow and forbid
	@scripts/fuzz-api.sh

upgrade-test: prerequisites ## Let the version before (ARGS=REF) and this one work side by side under load
	@scripts/upgrade-test.sh $(ARGS)

openapi: prerequisites ## Write the API descriptions to openapi/
	@mkdir -p openapi
	@for role in provider client; do \
	  $(CARGO) run --quiet -- openapi --role $$role > openapi/$$role.json.new && \
	  mv openapi/$$role.json.new openapi/$$role.json && \
	  echo "openapi/$$role.json" || exit 1; \
	done

charts: ## Check the Helm chart without a cluster
	@scripts/charts.sh $(ARGS)

chart-docs: ## Write the chart's table of values and the names of settings in its schema
	@"$$(scripts/tools.sh)/python" charts/tests/describe.py

cluster-up: ## Make a local cluster (kind or k3d) with gateway, databases and both roles
	@scripts/cluster.sh up

cluster-down: ## Remove it again, with everything in it
	@scripts/cluster.sh down

lint-ops: ## Check workflows, scripts, YAML, Terraform, and rehearse what touches clusters
	@scripts/lint-ops.sh $(ARGS)

ci: ## Run everything that continuous integration runs
	.ci/run

clean-dev: ## Remove the private databases of `make dev` and their documents
	@if [ -f .oc/postgres/data/postmaster.pid ] && kill -0 "$$(head -n 1 .oc/postgres/data/postmaster.pid)" 2>/dev/null; then \
	  echo "make dev is running; stop it first"; exit 1; \
	fi
	rm -rf .oc

# The parts of the targets above, each also a step of .ci/run.

prerequisites:
	@scripts/prerequisites.sh

prerequisites-browser:
	@scripts/prerequisites.sh --browser

prerequisites-clock:
	@scripts/prerequisites.sh --clock

fmt-check:
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path fuzz/Cargo.toml

clippy-provider:
	$(CARGO) clippy --all-targets --no-default-features --features provider -- -D warnings

clippy-client:
	$(CARGO) clippy --all-targets --no-default-features --features client -- -D warnings

clippy:
	$(CARGO) clippy --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps

deny:
	@scripts/deny.sh

test-provider: prerequisites
	$(CARGO) test --no-default-features --features provider $(ARGS)

test-client: prerequisites
	$(CARGO) test --no-default-features --features client $(ARGS)
