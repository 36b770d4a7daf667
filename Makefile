# What people type. Each target first installs what is missing (scripts/setup).
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo run test lint bench bench-programs bench-ingest bench-sinks bench-query bench-follow bench-decode plots chaos fuzz schemathesis

# rustup installs there; a shell that was open before does not know it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
TARGET := $(or $(CARGO_TARGET_DIR),target)
PROGRAMS := -p ordertally-consumer -p ordertally-query-api -p ordertally-replay -p ordertally-local

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Install what is missing (Debian and Ubuntu), or say what to install
	@scripts/setup

setup-tests: ## Install that and what the tests need besides: a browser, Python
	@scripts/setup tests

demo: setup ## See it work: Kafka, Postgres, both services, sample orders, three answers (ARGS=--fresh starts anew)
	cargo build --release --locked $(PROGRAMS)
	@$(TARGET)/release/ordertally-local demo $(ARGS)

run: setup ## Kafka, Postgres and both services without any data, until Ctrl-C
	cargo build --release --locked $(PROGRAMS)
	@$(TARGET)/release/ordertally-local run $(ARGS)

test: setup-tests ## Every test, on a Kafka and a Postgres started for it (ARGS go to cargo test)
	cargo build --workspace --locked
	$(TARGET)/debug/ordertally-local exec -- cargo test --workspace --locked $(ARGS)

lint: setup ## Formatting and clippy, warnings denied
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

chaos: setup ## Schedules of faults against the reckoning (SCHEDULES=n, MINUTES=n, SEED=n, SHRINK=true, SCHEDULE=file)
	cargo build --workspace --locked
	@$(TARGET)/debug/ordertally-chaos

fuzz: setup ## Bytes at random for the decoder and the readers of files (FUZZ=decode, RUNS=1000000)
	@scripts/fuzz

schemathesis: setup-tests ## Requests made from the description, valid and not, with every check (ROUNDS=10)
	cargo build --locked $(PROGRAMS)
	@query-api/schemathesis/run $(ARGS)

bench: bench-programs ## The benchmarks, beside what people would use instead (ARGS='ingest --runs 5' for one)
	@$(TARGET)/release/ordertally-bench $(ARGS)

bench-ingest: bench-programs ## Rows a second from a full topic, beside plain COPY
	@$(TARGET)/release/ordertally-bench ingest $(ARGS)

bench-sinks: bench-programs ## The same, beside Kafka Connect and Bento (needs Go)
	@$(TARGET)/release/ordertally-bench sinks $(ARGS)

bench-query: bench-programs ## The three questions over ten million orders, beside other engines
	@$(TARGET)/release/ordertally-bench query $(ARGS)

bench-follow: bench-programs ## How far answers are behind the commits under load
	@$(TARGET)/release/ordertally-bench follow $(ARGS)

bench-decode: setup ## Decoding alone, in nanoseconds
	cargo bench --locked -p ordertally-bench --bench decode

plots: bench-programs ## Draw the results in bench/results anew
	@$(TARGET)/release/ordertally-bench plot $(ARGS)

bench-programs: setup
	cargo build --release --locked $(PROGRAMS) -p ordertally-bench
