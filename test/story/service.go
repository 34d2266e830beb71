package story

import (
	"slices"
	"strings"
)

// ask is a plugin with the operator's settings.
func ask(plugin string, more ...string) []string {
	return append([]string{plugin, "--extra-opts=@$SITE"}, more...)
}

// question is ask for a command line in one piece.
func question(line string) []string {
	words := strings.Fields(line)
	return ask(words[0], words[1:]...)
}

const (
	drained    = "check_drained --node pve3"
	ready      = "check_serviceable --node pve3 --ceph command"
	readyToken = "check_serviceable --node pve3"
	returned   = "check_reintegrated --node pve3 --ceph command --baseline $BASE"
	storage    = "check_ceph"
	serviced   = "check_ceph --maintenance pve3"
	cluster    = "check_pve"
)

// before is an ordinary day with a server whose fans are not to be trusted.
func before() []Step {
	return []Step{
		{
			Happens: "The server is to be serviced. Is the cluster whole?",
			Do:      happen("advance?by=1m"),
			Command: question(cluster), Exit: 0, Line: `OK: `,
			Why: "Three nodes, three votes, all guests where they should be.",
		},
		{
			Happens: "And Ceph?",
			Command: question(storage), Exit: 0, Line: `OK: `,
			Why: "Six OSDs up and in, all PGs active+clean.",
		},
		customers("And the guests, as their customers see them?", "Which should run, and at which address, Proxmox VE says. The sixth guest is stopped and may be."),
		{
			Happens: "Somebody asks right away whether pve3 may be pulled.",
			Command: question(ready), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on, 3 reasons: \(1\) vm103 shop is under HA and 2 more(?s:.*vm105 db1 is not under HA.*noout does not cover)`,
			Why: "Two guests would die with it, and Ceph would begin to rebuild its data. Each reason comes with the next step.",
		},
		{
			Happens: "Before the first guest leaves: where does each one live?",
			Command: question(drained + " --save $BASE"), Exit: 2, Line: `CRITICAL: NO, 2 guests are left on pve3`,
			Why: "The home of a guest outside HA is in no answer of the API. It has to be written down now.",
		},
	}
}

// leaving is step 1 of the story: the guests go.
func leaving() []Step {
	all := leave()
	return slices.Concat(all[:1], begun(), all[1:])
}

func leave() []Step {
	return []Step{
		{
			Happens: "ha-manager crm-command node-maintenance enable pve3, some seconds ago.",
			Do:      happen("round", "pve maintenance?node=pve3", "advance?by=7s"),
			Command: question(drained), Exit: 2, Line: `CRITICAL: NO, 2 guests are left on pve3: \(1\) vm103 shop is under HA, which has yet to move it`,
			Why: "HA has taken the request and moved nothing yet.",
		},
		{
			Happens: "Some seconds later HA moves its guest.",
			Do:      happen("advance?by=13s"),
			Command: question(drained), Exit: 2, Line: `CRITICAL: NO, 1 guest is leaving pve3 and 1 stays: \(1\) vm103 shop is being moved away by HA \(2\) vm105 db1 is not under HA(?s:.*\n  on pve3: qm migrate 105 pve1 --online\n)`,
			Why: "HA will never move the other one: it is not under HA.",
		},
		{
			Happens: "HA reports maintenance reached.",
			Do:      happen("advance?by=1m"),
			Command: question(drained), Exit: 2, Line: `CRITICAL: NO, 1 guest is left on pve3: vm105 db1`,
			Why: "Maintenance reached is not drained: db1 runs on.",
		},
		{
			Happens: "qm migrate 105 pve1 --online",
			Do:      happen("pve migrate?id=105&to=pve1&for=30s", "advance?by=10s"),
			Command: question(drained), Exit: 2, Line: `CRITICAL: NOT YET, 1 guest is leaving pve3: vm105 db1`,
			Why: "On its way is not gone.",
		},
		watched(),
		{
			Happens: "It has arrived.",
			Do:      happen("advance?by=30s"),
			Command: question(drained), Exit: 0, Line: `OK: YES, pve3 is drained: 1 template stays`,
			Why: "The cluster and the node's own list agree: nothing runs here.",
		},
		{
			Happens: "What does the cluster's own check say while pve3 is in maintenance?",
			Command: question(cluster), Exit: 0, Line: `OK: `,
			Why: "A node that HA has in maintenance is expected to be so.",
		},
	}
}

// allowed is step 2: may he pull it?
func allowed() []Step {
	return []Step{
		{
			Happens: "The technician stands before the rack.",
			Command: question(ready), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on: noout does not cover osd\.4, osd\.5, set it first\n  on pve1: ceph osd set-group noout pve3`,
			Why: "Without noout Ceph begins to rebuild two disks ten minutes after they are gone.",
		},
		{
			Happens: "ceph osd set-group noout pve2: the wrong host.",
			Do:      happen("ceph set?flag=noout&host=pve2"),
			Command: question(ready), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on: noout is set for host pve2 and not for pve3\n  on pve1: ceph osd set-group noout pve3\n  on pve1: ceph osd unset-group noout pve2`,
			Why: "A flag is set, and it does not cover this host.",
		},
		{
			Happens: "ceph osd set-group noout pve3",
			Do:      happen("ceph unset?flag=noout&host=pve2", "ceph set?flag=noout&host=pve3"),
			Command: question(ready + " -v"), Exit: 0, Line: `OK: YES, switch pve3 off: all \d+ conditions hold`,
			Why: "Proven: no guest, quorum and monitors survive, every PG goes on without its OSDs. The card at the end is the technician's: where each part is.",
		},
		{
			Happens: "The same question through Proxmox VE's token alone, on a machine without the ceph command.",
			Command: question(readyToken), Exit: 0, Line: `OK: YES, switch pve3 off: all \d+ conditions hold`,
			Why: "Every pool's rule keeps copies on different hosts, and two of three are enough.",
		},
		{
			Happens: "Ceph's own check, while noout is set and nothing is down.",
			Command: question(storage), Exit: 0, Line: `OK: .*noout`,
			Why: "noout is named in the first line and is fine for four hours.",
		},
	}
}

// missing is what else may be missing at that moment.
func missing() []Step {
	return []Step{
		{
			Happens: "A disk on pve1 dies now.",
			Do:      happen("ceph stop?osd=0"),
			Command: question(ready), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on, 3 reasons: \(1\) osd\.0 on pve1 is down`,
			Why: "With pve3 off as well some data would be on one disk only, and its I/O would stop.",
		},
		{
			Happens: "Does anybody else notice? Ceph says HEALTH_WARN, as for any planned noout.",
			Command: question(storage), Exit: 2, Line: `CRITICAL: osd\.0 on pve1 down, outside of what noout was set for`,
			Why: "An OSD is down outside of what noout was set for.",
		},
		{
			Happens: "It was only a cable.",
			Do:      happen("ceph start?osd=0", "ceph recover", "advance?by=1m"),
			Command: question(ready), Exit: 0, Line: `OK: YES, switch pve3 off`,
			Why: "All copies are there again.",
		},
		{
			Happens: "The monitor on pve1 is being updated.",
			Do:      happen("ceph stop?mon=pve1"),
			Command: question(ready), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on: 1 of 3 monitors stay in quorum, 2 needed`,
			Why: "Two of three monitors are a quorum, one is none, and then all I/O stops.",
		},
		{
			Happens: "The monitor is back, the mgr on pve1 is not.",
			Do:      happen("ceph start?mon=pve1", "ceph stop?mgr=pve1"),
			Command: question(readyToken), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on: 0 mgr elsewhere, 1 here, 1 needed`,
			Why: "Without a mgr nobody could tell any more how the PGs are.",
		},
		{
			Happens: "Now no mgr runs at all. Ceph still shows 33 PGs active+clean.",
			Do:      happen("ceph stop?mgr=pve3"),
			Command: question(ready + " -t $WAIT"), Exit: 3, Line: `UNKNOWN: NOT PROVEN: \(1\) no mgr is available, the numbers of PGs are old`,
			Why: "These numbers stand still. Old evidence is none.",
		},
	}
}

// doubtful is what nobody sees who only looks at health.
func doubtful() []Step {
	return []Step{
		{
			Happens: "Both mgrs run. Somebody left nodown on an OSD of pve2.",
			Do:      happen("ceph start?mgr=pve3", "ceph start?mgr=pve1", "ceph set?flag=nodown&osd=3"),
			Command: question(ready), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on: nodown is set for osd\.3\n  on pve1: ceph osd unset-group nodown osd\.3`,
			Why: "With nodown a dead OSD looks alive, and clients wait for it.",
		},
		{
			Happens: "nodown is gone. Another migration has begun, on pve1.",
			Do:      happen("ceph unset?flag=nodown&osd=3", "pve migrate?id=105&to=pve2&for=20s", "advance?by=5s"),
			Command: question(ready), Exit: 3, Line: `UNKNOWN: NOT PROVEN: a migration runs on pve1 \(qmigrate 105\), and the API does not say where to`,
			Why: "It could be on its way to pve3. Nobody can tell, so it is no yes.",
		},
		{
			Happens: "It went to pve2. But the token lost its rights.",
			Do:      happen("advance?by=1m", "pve revoke"),
			Command: question(readyToken), Exit: 3, Line: `UNKNOWN: NOT PROVEN: .*this token`,
			Why: "Such a token gets 200 OK and an empty list of guests. That is not an empty node.",
		},
		{
			Happens: "The token has its rights again.",
			Do:      happen("pve grant?path=/&privileges=Sys.Audit,VM.Audit,Datastore.Audit,Pool.Audit", "pve migrate?id=105&to=pve1&for=5s", "advance?by=1m"),
			Command: question(ready), Exit: 0, Line: `OK: YES, switch pve3 off: all \d+ conditions hold`,
			Why: "Every condition holds. Now.",
		},
	}
}
