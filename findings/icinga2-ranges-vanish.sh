#!/usr/bin/env bash
# A threshold that is a range disappears from Icinga 2's performance data.
#
# icinga2 2.13.6-2+deb12u2 parses "label=value;warn;crit" itself before it hands
# numbers to a graph. The plugin guidelines allow ranges there: "10:20", "300:"
# for "at least 300", "@5:10". Icinga keeps the value, and drops every threshold
# with a colon or an @ in it without a word; a fan's lower limit, which can only
# be written as "300:", never reaches a graph. RPM, unknown as a unit, goes the
# same way, while days become seconds and KiB bytes.
# Needs root: the package is installed in an overlay that is thrown away.
set -euo pipefail
if [ -z "${INSIDE:-}" ]; then
	dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
	INSIDE=1 DIR=$dir unshare --mount --pid --fork --kill-child bash "$0"
	exit
fi
mount -t tmpfs tmpfs "$DIR"; mkdir "$DIR"/{up,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$DIR/up,workdir=$DIR/work" "$DIR/root"
mount -t proc proc "$DIR/root/proc"; mount --rbind /dev "$DIR/root/dev"
cat >"$DIR/root/run.sh" <<'END'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update -qq >/dev/null 2>&1
apt-get install -y -qq --no-install-recommends icinga2-bin=2.13.6-2+deb12u2 >/log 2>&1 || { tail -3 /log; exit 1; }
for datum in 'fan=4800RPM;600:;300:' 'temp=40;10:20;5:30' 'temp=40;@5:10;30' 'temp=40;20;30' 'age=2d' 'size=1KiB'; do
	echo "$datum -> $(icinga2 console --eval "d = parse_performance_data(\"$datum\"); String(d.value) + \" \" + String(d.unit) + \" \" + Json.encode([d.warn, d.crit])" 2>&1 | tail -1)"
done
END
chroot "$DIR/root" bash /run.sh >"$DIR/got"
cat >"$DIR/want" <<'END'
fan=4800RPM;600:;300: -> "4800  [null,null]"
temp=40;10:20;5:30 -> "40  [null,null]"
temp=40;@5:10;30 -> "40  [null,30]"
temp=40;20;30 -> "40  [20,30]"
age=2d -> "172800 seconds [null,null]"
size=1KiB -> "1024 bytes [null,null]"
END
diff "$DIR/want" "$DIR/got" && echo "seen as described"
