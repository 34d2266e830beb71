#!/usr/bin/env bash
# Two modules that are light alone weigh eight megabytes together.
#
# github.com/stmcginnis/gofish v0.23.0 (Redfish) adds a half a megabyte at most to a
# program that has net/http, because the linker drops what is not called.
# github.com/alecthomas/kong v1.17.0 (command line) looks up methods by a name
# that is not constant (reflect.Value.MethodByName), after which the linker must
# keep every exported method of every type that is reachable: all of Redfish's.
# The same program with pflag v1.0.10 instead stays small. "go build
# -ldflags=-dumpdep" shows the marker ReflectMethod and who set it.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
cat >go.mod <<'END'
module finding

go 1.26

require (
	github.com/alecthomas/kong v1.17.0
	github.com/spf13/pflag v1.0.10
	github.com/stmcginnis/gofish v0.23.0
)
END
program() { # name, import of the command line, its call, whether gofish
	mkdir -p "$1"
	{
		echo "package main"
		echo "import (\"net/http\"; \"os\"; $2 $([ "$4" = no ] || echo '; "github.com/stmcginnis/gofish"'))"
		echo "var o struct { Host string }"
		echo "func main() { $3; if _, err := http.Get(o.Host); err != nil { os.Exit(3) }"
		[ "$4" = no ] || echo 'c, err := gofish.Connect(gofish.ClientConfig{Endpoint: o.Host}); if err != nil { os.Exit(3) }; all, err := c.Service.Chassis(); if err != nil { os.Exit(len(all)) }'
		echo "}"
	} >"$1/main.go"
	CGO_ENABLED=0 GOFLAGS=-mod=mod go build -trimpath -ldflags '-s -w' -o "$1.bin" "./$1"
}
kong='"github.com/alecthomas/kong"'; pflag='flag "github.com/spf13/pflag"'
program kong-alone "$kong" 'kong.Parse(&o)' no
program pflag-alone "$pflag" 'flag.StringVar(&o.Host, "host", "", ""); flag.Parse()' no
program kong-gofish "$kong" 'kong.Parse(&o)' yes
program pflag-gofish "$pflag" 'flag.StringVar(&o.Host, "host", "", ""); flag.Parse()' yes
mb() { awk -v n="$(stat -c %s "$1.bin")" 'BEGIN { printf "%.1f", n / 1048576 }'; }
with_kong=$(awk -v a="$(mb kong-gofish)" -v b="$(mb kong-alone)" 'BEGIN { print a - b }')
with_pflag=$(awk -v a="$(mb pflag-gofish)" -v b="$(mb pflag-alone)" 'BEGIN { print a - b }')
echo "gofish adds $with_kong MB beside kong, $with_pflag MB beside pflag"
awk -v k="$with_kong" -v p="$with_pflag" 'BEGIN { exit !(k > 5 && p < 1) }' && echo "seen as described"
