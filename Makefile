# noout: make help lists what there is.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PLUGINS  := $(notdir $(wildcard plugins/*))
PREFIX   ?= /usr/local
PLUGINDIR ?= $(PREFIX)/lib/nagios/plugins
FUZZTIME ?= 200000x
FUZZ     ?= .

export CGO_ENABLED ?= 0
# No device that is asked speaks HTTP/2, and the plugins do not: without it each is
# 0.4 MB smaller.
SHIPPED := -trimpath -tags nethttpomithttp2
BUILD := $(GO) build $(SHIPPED) -ldflags '-s -w -X github.com/noout-monitoring/noout/pkg/check.version=$(VERSION)'

# What is run uses what is built: with other flags all would be compiled twice.
RUN := $(GO) run $(SHIPPED)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## the plugins, static, into bin/
	@mkdir -p bin
	$(BUILD) -o bin/ ./plugins/...

.PHONY: test
test: ## everything that needs no root, no network and nothing installed
	@GO=$(GO) $(RUN) ./test/suite

# The same on a machine that has SPEED percent of this one's processors.
SPEED ?= 10
.PHONY: test-slow
test-slow: ## make test as a slow machine would (root, Linux); SPEED=10 percent
	@GO=$(GO) test/slow $(SPEED) $(RUN) ./test/suite -count=1

# What the parts of test-real need, by Debian's names.
REAL_ipmi   := openipmi ipmitool freeipmi-tools qemu-system-x86 linux-image-amd64 busybox-static
REAL_ceph   := ceph-mon ceph-mgr ceph-osd ceph-common ceph-mgr-dashboard
REAL_gate   := $(REAL_ceph) ceph-mds python3-cephfs
REAL_quorum := corosync corosync-qdevice corosync-qnetd iproute2
REAL_guests := iproute2 nftables procps libcap2-bin
REAL_migration := qemu-system-x86 linux-image-amd64 busybox-static iproute2 iputils-ping
REAL_report := chromium fonts-dejavu-core
REAL_monitoring := prometheus prometheus-node-exporter icingaweb2-module-director icingacli php-mysql php-curl php-intl mariadb-server icinga2-bin icinga2-common
REAL_notices := postfix sasl2-bin libsasl2-modules python3-icalendar python3-feedparser chromium fonts-dejavu-core nagios4-core icinga2-bin icinga2-common
REAL_package := lintian rpm curl libcap2-bin iproute2 man-db adduser shellcheck
REAL_schedulers := nagios4-core icinga2-bin icinga2-common nagios-nrpe-server nagios-nrpe-plugin libcap2-bin
PARTS       ?= $(filter-out cluster machine,$(notdir $(wildcard test/real/*)))

REAL := CGO_ENABLED=0 $(GO) test -tags real -count 1 -timeout 30m

# Two parts at a time, because they wait for daemons more than they work; the
# packages alone, because they install what the others start privately. INITRD=No
# keeps Debian's kernel from building an initial ramdisk, which nothing here boots.
.PHONY: test-real
test-real: ## the same against real software (root, Debian); PARTS="ipmi ceph ..."
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 INITRD=No apt-get install -y -qq --no-install-recommends $(sort $(foreach p,$(PARTS),$(REAL_$(p)))) >/dev/null
	$(if $(filter-out package,$(PARTS)),$(REAL) -p 2 $(patsubst %,./test/real/%,$(filter-out package,$(PARTS))))
	$(if $(filter package,$(PARTS)),$(REAL) ./test/real/package)

# The gates' model and the phases of a drop-out are one goroutine and a lot of
# arithmetic: nothing to race there.
.PHONY: race
race: ## the tests under the race detector (needs a C compiler)
	@CGO_ENABLED=1 GO=$(GO) $(RUN) ./test/suite -race -short -skip '^(TestEveryPhase|TestNoContradiction)$$' $$($(GO) list ./... | sed 's,^github.com/noout-monitoring/noout,.,' | grep -v /pkg/maintenance$$)

.PHONY: fuzz
fuzz: ## the fuzz targets (FUZZ=REGEX, default all), each with FUZZTIME inputs (200000x)
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

.PHONY: contingency-proof
contingency-proof: ## check_contingency against killing in 300,000 random clusters
	$(GO) test ./pkg/contingency -run Proof -v -timeout 60m -args -clusters=300000

.PHONY: advice-proof
advice-proof: ## a robot follows what the gates and check_contingency print, in 20,000 random worlds each
	$(GO) test ./pkg/maintenance -run AdviceProof -v -timeout 60m -args -worlds=20000
	$(GO) test ./pkg/contingency -run AdviceProof -v -timeout 60m -args -worlds=20000

.PHONY: notice-proof
notice-proof: ## what customers are told, in 10,000 random stories
	$(GO) test ./pkg/notice -run TestStories -v -timeout 60m -args -stories=10000

.PHONY: story
story: ## the story end to end, every answer asserted
	$(GO) test ./test/story -count=1 -v

# A walk that fails prints its shortest form, which -again walks again.
SEEDS ?= 50
.PHONY: story-random
story-random: ## 2,000 random events, everybody asked after each (SEEDS=50 walks)
	$(GO) test ./test/story/walk -run '^TestWalk$$' -count=1 -v -timeout 3h -seeds=$(SEEDS) -events=40

.PHONY: demo
demo: build ## the story, step by step: command, output, exit code and why (40 s)
	@$(RUN) ./test/story/cmd/demo -bin bin

.PHONY: bench
bench: build ## what a run costs; BASELINE=REV compares, and writes bench.md
	@$(RUN) ./test/bench -bin bin $(if $(BASELINE),-baseline '$(BASELINE)' -o bench.md)

.PHONY: contrib
contrib: build ## commands, man pages, completions, pages: what --describe tells
	$(RUN) ./contrib/generate -bin bin -o .

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
