# Retort needs Go 1.26 or newer and nothing else; `make race` also needs a C compiler, for the race detector.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
TESTTIME ?= 12m
FUZZTIME ?= 10s
BENCHTIME ?= 1s
BENCHCOUNT ?= 6
ARGS ?=
VERSION ?=

export CGO_ENABLED := 0

.PHONY: help build check fmt vet staticcheck repo cross test race fuzz bench bench-student bench-gateway bench-dialects bench-routing bench-data bench-wheel clients

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build ./bin/retort; VERSION names it, where no tag does
	$(GO) build -trimpath -ldflags='-s -w $(if $(VERSION),-X retort/internal/cli.version=$(VERSION))' -o bin/retort ./cmd/retort

check: fmt vet staticcheck repo cross ## format, vet, staticcheck, rules of the repository, all platforms

fmt:
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "gofmt: these files are not formatted; run gofmt -w on them:"; echo "$$bad"; exit 1; fi
	@echo "gofmt: ok"

vet:
	$(GO) vet ./...
	@echo "vet: ok"

staticcheck:
	$(GO) run $(STATICCHECK) ./...
	@echo "staticcheck: ok"

repo:
	$(GO) test ./internal/repotest

# Two platforms at a time, so that one compiles while the other links.
cross:
	@$(MAKE) --no-print-directory -j2 $(PLATFORMS:%=cross/%)

cross/%:
	@GOOS=$(*D) GOARCH=$(*F) $(GO) build -o /dev/null ./cmd/retort
	@echo "build $*: ok"

test: ## all tests; the last line counts them
	$(GO) test -json -timeout $(TESTTIME) $(ARGS) ./... | $(GO) run ./internal/testsum

race: ## all tests under the race detector
	@command -v $${CC:-cc} >/dev/null || { echo "the race detector needs a C compiler; on Debian: apt-get install gcc libc6-dev"; exit 1; }
	CGO_ENABLED=1 $(GO) test -race -short -json -timeout 30m $(ARGS) ./... | $(GO) run ./internal/testsum

fuzz: ## each fuzz target for FUZZTIME
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ {names[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, names[i]; n = 0}' | \
	while read -r package target; do \
		echo "fuzz $$package $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "$$package"; \
	done

bench: ## the benchmarks beside the code
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -count $(BENCHCOUNT) $(ARGS) ./...

bench-student: ## accuracy, coverage, size and speed of students on public data sets
	$(GO) run ./bench/student $(ARGS)

bench-gateway: ## the gateway against a bare reverse proxy, latency of a student, kills under load
	$(GO) run ./bench/gateway $(ARGS)

bench-dialects: ## requests of every dialect to misbehaving upstreams of every dialect, and what translating costs
	$(GO) run ./bench/dialects $(ARGS)

bench-routing: ## what is gained by choosing among models, on recorded answers
	$(GO) run ./bench/routing $(ARGS)

bench-wheel: ## what retort does by itself with the traffic that runs through it
	$(GO) run ./bench/wheel $(ARGS)

bench-data: ## datasets at scale and what refining and labelling them is worth
	$(GO) run ./bench/data $(ARGS)

clients: ## real clients (SDKs, frameworks, coding agents) through a real gateway; needs npm, python3 and git
	$(GO) run ./bench/clients $(ARGS)
