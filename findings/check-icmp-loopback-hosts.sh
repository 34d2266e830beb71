#!/usr/bin/env bash
# 200 hosts that answer, 72 of them "lost 100 %".
#
# check_icmp of monitoring-plugins-basic 2.3.3-5+deb12u2, asked for many hosts in
# one call with -i 0 (no pause between packets), sends the whole round before it
# reads. The kernel's default receive buffer holds 256 small packets; on
# loopback a raw socket sees its own requests too, so 128 replies fit and the
# rest is dropped by our own machine. check_icmp reports those hosts down,
# CRITICAL. fping 5.1-1, which reads between its packets, finds all of them.
# Needs root for the raw socket; sends to 127.9.0.0/24 only.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
(apt-get update -qq && apt-get -o APT::Sandbox::User=root download -qq monitoring-plugins-basic=2.3.3-5+deb12u2 fping=5.1-1) >/dev/null 2>&1
for deb in ./*.deb; do dpkg -x "$deb" deb; done
mapfile -t hosts < <(for i in $(seq 1 200); do echo "127.9.0.$i"; done)
down=0
deb/usr/lib/nagios/plugins/check_icmp -n 1 -t 5 "${hosts[@]}" >icmp || down=$?
lost=$(grep -o 'lost 100%' icmp | wc -l)
deb/usr/bin/fping -i1 -q -c1 "${hosts[@]}" >fping 2>&1 || true
found=$(grep -c '%loss = 1/1/0%' fping)
echo "check_icmp: exit $down, $lost of 200 lost; fping: $found of 200 answer"
# 128 replies fit into the default buffer; a few more where it is read early.
[ "$down" = 2 ] && [ "$lost" -ge 40 ] && [ "$lost" -le 80 ] && [ "$found" = 200 ] && echo "seen as described"
