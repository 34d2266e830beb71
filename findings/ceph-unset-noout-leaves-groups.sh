#!/usr/bin/env bash
# "noout is unset" - and OSDs are still under noout.
#
# Ceph (16.2.15+ds-0+deb12u2) has noout for the cluster, and since Nautilus for
# CRUSH buckets, device classes and single OSDs (ceph osd set-group). "ceph osd
# unset noout" answers "noout is unset" with exit code 0, and leaves every group
# flag where it was; "ceph osd dump" then lists no noout among its flags, and the
# two places where the rest stands have different names: crush_node_flags and
# device_class_flags. A bucket that is renamed takes its flag along under the
# new name. One monitor is enough to see it.
# Needs root: the packages are installed in an overlay that is thrown away.
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
apt-get install -y -qq --no-install-recommends ceph-mon=16.2.15+ds-0+deb12u2 ceph-common=16.2.15+ds-0+deb12u2 jq >/log 2>&1 || { tail -3 /log; exit 1; }
mkdir -p /c && cd /c
cat >ceph.conf <<-'CONF'
	[global]
	fsid = 11111111-2222-3333-4444-555555555555
	mon_initial_members = a
	mon_host = [v2:127.0.0.1:13300,v1:127.0.0.1:16789]
	auth_cluster_required = none
	auth_service_required = none
	auth_client_required = none
	mon_allow_pool_size_one = true
	[mon.a]
	mon_data = /c/mon
	run_dir = /c
CONF
monmaptool --create --fsid 11111111-2222-3333-4444-555555555555 --addv a '[v2:127.0.0.1:13300,v1:127.0.0.1:16789]' monmap >/dev/null
ceph-mon -c ceph.conf --mkfs -i a --monmap monmap >/dev/null 2>&1
ceph-mon -c ceph.conf -i a --setuser root --setgroup root -f >/dev/null 2>&1 &
c() { timeout 60 ceph -c /c/ceph.conf "$@" 2>&1; }
until c mon stat >/dev/null; do :; done
{
	c osd crush add-bucket node1 host
	c osd crush move node1 root=default
	c osd new 22222222-2222-3333-4444-555555555555
	c osd crush add osd.0 1.0 host=node1
	c osd crush set-device-class ssd osd.0
} >/dev/null
echo "1: $(c osd set noout)"
c osd set-group noout node1 >/dev/null
c osd set-group noout ssd >/dev/null
c osd set-group noout osd.0 >/dev/null
echo "2: $(c osd unset noout)"
c osd crush rename-bucket node1 rack-7-node1 >/dev/null
flags() { c osd dump -f json | jq -c '[(.flags_set | index("noout")), .crush_node_flags, .device_class_flags, .osds[0].state]'; }
echo "3: $(flags)"
c osd unset-group noout rack-7-node1 >/dev/null
c osd unset-group noout ssd >/dev/null
c osd unset-group noout osd.0 >/dev/null
echo "4: $(flags)"
END
chroot "$DIR/root" bash /run.sh >"$DIR/got"
cat >"$DIR/want" <<'END'
1: noout is set
2: noout is unset
3: [null,{"rack-7-node1":["noout"]},{"ssd":["noout"]},["exists","new","noout"]]
4: [null,{},{},["exists","new"]]
END
diff "$DIR/want" "$DIR/got" && echo "seen as described"
