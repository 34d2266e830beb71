#!/usr/bin/env bash
# The downtime of a migration ends before anybody runs the guest again.
#
# Proxmox VE starts the destination with -S and lets the guest go on itself, when
# the migration is complete. What query-migrate of QEMU 7.2 reports as downtime, and
# the migration task writes into its log, was over by then: here the guest stands
# still for two seconds more, and none of them is in it. QEMU's own events tell: from
# STOP at the source to RESUME at the destination. Needs qemu-system-x86 and python3,
# no KVM, no network and no guest: the firmware is enough.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
command -v qemu-system-x86_64 >/dev/null || { echo "apt-get install qemu-system-x86"; exit 1; }
cat >migrate.py <<'END2'
import json, socket, subprocess, time

def start(name, *more):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name); listener.listen(); listener.settimeout(60)
    p = subprocess.Popen(["qemu-system-x86_64", "-accel", "tcg", "-M", "q35", "-m", "64", "-nodefaults", "-display", "none",
                          "-chardev", "socket,id=m,path=" + name, "-mon", "chardev=m,mode=control", *more])
    conn = listener.accept()[0]; conn.settimeout(60)
    return p, conn.makefile("rw")

def await_(q, wanted):
    while True:
        m = json.loads(q.readline())
        if "error" in m: raise SystemExit(m)
        if wanted(m): return m

def call(q, command, **arguments):
    q.write(json.dumps({"execute": command, "arguments": arguments})); q.flush()
    # Events that come before the answer are of no use here.
    return await_(q, lambda m: "return" in m)["return"]

def event(name, status=None):
    return lambda m: m.get("event") == name and (status is None or m["data"]["status"] == status)

def at(e): return e["timestamp"]["seconds"] + e["timestamp"]["microseconds"] / 1e6

source, a = start("a")
target, b = start("b", "-incoming", "defer", "-S")
try:
    for q in a, b:
        await_(q, lambda m: "QMP" in m)
        call(q, "qmp_capabilities")
        call(q, "migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
    call(b, "migrate-incoming", uri="unix:stream")
    call(a, "migrate", uri="unix:stream")
    stop = await_(a, event("STOP"))
    await_(a, event("MIGRATION", "completed"))
    await_(b, event("MIGRATION", "completed"))
    time.sleep(2)
    b.write(json.dumps({"execute": "cont"})); b.flush()
    still = (at(await_(b, event("RESUME"))) - at(stop)) * 1000
    downtime = call(a, "query-migrate")["downtime"]
finally:
    source.kill(); target.kill(); source.wait(); target.wait()
print(f"nothing ran the guest for {still:.0f} ms; downtime: {downtime} ms")
raise SystemExit(not (still >= 2000 and downtime <= still - 1900))
END2
python3 migrate.py && echo "seen as described"
