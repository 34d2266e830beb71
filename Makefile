# noout: make help lists what there is.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PLUGINS  := $(notdir $(wildcard plugins/*))
PREFIX   ?= /usr/local
PLUGINDIR ?= $(PREFIX)/lib/nagios/plugins
FUZZTIME ?= 30s
FUZZ     ?= .

export CGO_ENABLED ?= 0
BUILD := $(GO) build -trimpath -ldflags '-s -w -X github.com/noout-monitoring/noout/pkg/check.version=$(VERSION)'

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## the plugins, static, into bin/
	@mkdir -p bin
	$(BUILD) -o bin/ ./plugins/...

.PHONY: test
test: ## everything that needs no root, no network and nothing installed
	$(GO) test ./...

# What the parts of test-real need, by Debian's names.
REAL_ipmi   := openipmi ipmitool freeipmi-tools qemu-system-x86 linux-image-amd64 busybox-static
REAL_ceph   := ceph-mon ceph-mgr ceph-osd ceph-common ceph-mgr-dashboard
REAL_gate   := $(REAL_ceph)
REAL_guests := iproute2 nftables procps libcap2-bin
REAL_package := lintian rpm curl libcap2-bin iproute2 man-db adduser shellcheck
REAL_schedulers := nagios4-core icinga2-bin icinga2-common nagios-nrpe-server nagios-nrpe-plugin libcap2-bin
PARTS       ?= $(filter-out cluster,$(notdir $(wildcard test/real/*)))

REAL := CGO_ENABLED=0 $(GO) test -tags real -count 1 -timeout 20m

# Two parts at a time, because they wait for daemons more than they work; the
# packages alone, because they install what the others start privately.
.PHONY: test-real
test-real: ## the same against real software (root, Debian); PARTS="ipmi ceph ..."
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $(sort $(foreach p,$(PARTS),$(REAL_$(p)))) >/dev/null
	$(if $(filter-out package,$(PARTS)),$(REAL) -p 2 $(patsubst %,./test/real/%,$(filter-out package,$(PARTS))))
	$(if $(filter package,$(PARTS)),$(REAL) ./test/real/package)

# Recorded runs have deadlines in real time. The gates' model and the phases of a
# drop-out are one goroutine and a lot of arithmetic: nothing to race there.
.PHONY: race
race: ## the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short -skip '^(TestGolden|TestEveryPhase)$$' $$($(GO) list ./... | grep -v /pkg/maintenance$$)

.PHONY: fuzz
fuzz: ## the fuzz targets (FUZZ=REGEX, default all), each for FUZZTIME (30s)
	./test/fuzz $(FUZZTIME) '$(FUZZ)'

.PHONY: lint
lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l contrib packaging pkg plugins test)" || { echo "not gofmt'ed:"; gofmt -l contrib packaging pkg plugins test; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags real ./test/real/...
	cd packaging && $(GO) vet ./...
	$(GO) tool staticcheck ./...

.PHONY: gate-proof
gate-proof: ## the gates against a brute-force model of a million clusters
	$(GO) test ./pkg/maintenance -run Proof -v -timeout 60m -args -clusters=1000000

.PHONY: story
story: ## the story end to end, every answer asserted
	$(GO) test ./test/story -count=1 -v

.PHONY: demo
demo: build ## the story, step by step: command, output, exit code and why (40 s)
	@$(GO) run ./test/story/cmd/demo -bin bin

.PHONY: bench
bench: build ## what a run costs, as whole processes; CHECK_REDFISH=/path compares
	@$(GO) run ./test/bench -bin bin

.PHONY: contrib
contrib: build ## commands, man pages, completions, pages: what --describe tells
	$(GO) run ./contrib/generate -bin bin -o .

.PHONY: dist
dist: ## packages, tarballs, checksums and a bill of materials, into dist/
	./packaging/dist

.PHONY: install
install: build ## the plugins into PLUGINDIR
	install -d $(DESTDIR)$(PLUGINDIR)
	install -m 0755 $(addprefix bin/,$(PLUGINS)) $(DESTDIR)$(PLUGINDIR)

.PHONY: clean
clean: ## remove bin/ and dist/
	rm -rf bin dist
