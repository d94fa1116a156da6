# `make` says what there is. Everything works on a bare Debian 12 with Rust: `provision` comes first
# where something more is needed, and takes no time when nothing is missing.

CARGO ?= cargo
# Where cargo puts what it builds.
BUILT := $(or $(CARGO_TARGET_DIR),target)
# A snapshot that differs is a failure, never an update.
export INSTA_UPDATE ?= no

.PHONY: help provision build lint test bench demo fuzz pictures

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

provision: ## Install Postfix, Dovecot, PostgreSQL, Synapse and cargo-nextest if they are missing (as root)
	@scripts/provision

build: provision ## Build the program, the demo and all tests
	$(CARGO) build --locked --all-targets

lint: provision ## Formatting, clippy, rustdoc; cargo-deny where it is installed
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --lib
# Compiling cargo-deny takes longer than everything else here, so nobody is made to.
	@if command -v cargo-deny >/dev/null; then cargo deny --all-features check; \
	else echo "cargo-deny is not installed: licences and advisories were not checked"; fi

test: build lint ## All gates and all tests, with the real Synapse, Postfix, Dovecot and PostgreSQL
	scripts/with-postgres $(CARGO) nextest run --locked
# What goes through the whole program a second time, on the other database.
	POSTROOM_TEST_DATABASE=postgres scripts/with-postgres $(CARGO) nextest run --locked \
	  -E '(binary(stories) & !test(/^doctor/)) | (binary(crash) - test(two_side_by_side)) | (binary(e2e) & test(/^conversation::/))'
	$(CARGO) test --locked --doc --quiet

bench: ## The benchmarks, on a disk: see docs/benchmarks.md
	$(CARGO) bench --locked --bench commits --bench pipeline --bench understanding --bench composing

# Not a part of `make test`, which drives the same targets for some seconds without coverage.
fuzz: ## Look for inputs that break: make fuzz TARGET=mail_in TIME=300 (installs a nightly Rust)
	@scripts/fuzz "$(TARGET)" "$(or $(TIME),300)"

demo: provision ## See it work: a room, a letter, an answer, on this machine only
	$(CARGO) build --locked --bin postroom --example demo
	@$(BUILT)/debug/examples/demo

pictures: provision ## Take the README's pictures anew (as root: see scripts/pictures)
	$(CARGO) build --locked --bin postroom --example pictures
	@POSTROOM_TARGET=$(BUILT) scripts/pictures
