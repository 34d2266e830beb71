#!/usr/bin/env bash
# Four fans in the controller's list, one line in ipmitool, and the absent one
# is not on it.
#
# An IPMI compact record may be shared: one record, a base name, and a count, for
# four "Fan Present" sensors with the numbers 60h to 63h. ipmitool
# 1.8.19-4+deb12u2 reads the first of them only, and says nothing of the rest.
# FreeIPMI 1.6.10-1+b1 does the same until --shared-sensors is given. The
# simulator (openipmi 2.0.33-1+b1) has fan 3 absent; without that option neither
# list shows it.
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
cat >"$DIR/root/lan.conf" <<'END'
name "shared"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 19623
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "admin" "adminpw" admin 10 none md2 md5 straight
END
cat >"$DIR/root/fans.emu" <<'END'
mc_setbmc 0x20
mc_add 0x20 0x20 no-device-sdrs 0x01 1 0x50 0xbf 0x2a7c 0x0999
main_sdr_add 0x20 0x00 0x00 0x51 0x02 0x27 0x20 0x00 0x60 0x1d 0x01 0x67 0x40 0x04 0x08 0x00 0x00 0x00 0x00 0x03 0x00 0x00 0x00 0x00 0x04 0x01 0x00 0x00 0x00 0x00 0x00 0x00 0xcc 0x46 0x61 0x6e 0x20 0x50 0x72 0x65 0x73 0x65 0x6e 0x74 0x20
sensor_add 0x20 0 0x60 0x04 0x08
sensor_set_event_support 0x20 0 0x60 enable scanning per-state 000000000000011 000000000000011 000000000000011 000000000000011
sensor_set_bit 0x20 0 0x60 1 1 0
sensor_add 0x20 0 0x61 0x04 0x08
sensor_set_event_support 0x20 0 0x61 enable scanning per-state 000000000000011 000000000000011 000000000000011 000000000000011
sensor_set_bit 0x20 0 0x61 1 1 0
sensor_add 0x20 0 0x62 0x04 0x08
sensor_set_event_support 0x20 0 0x62 enable scanning per-state 000000000000011 000000000000011 000000000000011 000000000000011
sensor_set_bit 0x20 0 0x62 0 1 0
sensor_add 0x20 0 0x63 0x04 0x08
sensor_set_event_support 0x20 0 0x63 enable scanning per-state 000000000000011 000000000000011 000000000000011 000000000000011
sensor_set_bit 0x20 0 0x63 1 1 0
mc_enable 0x20
END
cat >"$DIR/root/run.sh" <<'END'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 HOME=/state
apt-get update -qq >/dev/null 2>&1
apt-get install -y -qq --no-install-recommends openipmi=2.0.33-1+b1 ipmitool=1.8.19-4+deb12u2 freeipmi-tools=1.6.10-1+b1 >/log 2>&1 || { tail -3 /log; exit 1; }
mkdir -p /state
ipmi_sim -n -c /lan.conf -f /fans.emu -s /state >/dev/null 2>&1 </dev/null &
for i in $(seq 100); do
	IPMI_PASSWORD=adminpw ipmitool -I lanplus -H 127.0.0.1 -p 19623 -U admin -E -C 3 mc info >/dev/null 2>&1 && break
done
echo "ipmitool:"
IPMI_PASSWORD=adminpw ipmitool -I lanplus -H 127.0.0.1 -p 19623 -U admin -E -C 3 sdr list all 2>/dev/null | sed 's/ *| */ | /g' | grep -v MC
echo "freeipmi:"
free=(ipmi-sensors -D LAN_2_0 -h 127.0.0.1:19623 -u admin -p adminpw -l ADMIN -I 3 -W opensesspriv --no-header-output --quiet-cache --sdr-cache-recreate)
"${free[@]}" 2>/dev/null | cut -d'|' -f2,3,6 | sed 's/ *| */ | /g'
echo "freeipmi --shared-sensors:"
"${free[@]}" --shared-sensors 2>/dev/null | cut -d'|' -f2,3,6 | sed 's/ *| */ | /g'
END
chroot "$DIR/root" bash /run.sh >"$DIR/got"
cat >"$DIR/want" <<'END'
ipmitool:
Fan Present | 0x02 | ok
freeipmi:
 Fan Present | Fan | 'Device Inserted/Device Present'
freeipmi --shared-sensors:
 Fan Present  1 | Fan | 'Device Inserted/Device Present'
 Fan Present  2 | Fan | 'Device Inserted/Device Present'
 Fan Present  3 | Fan | 'Device Removed/Device Absent'
 Fan Present  4 | Fan | 'Device Inserted/Device Present'
END
diff "$DIR/want" "$DIR/got" && echo "seen as described"
