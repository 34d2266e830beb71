package story

// away is step 3: the technician works.
func away() []Step {
	return []Step{
		{
			Happens: "The technician switches pve3 off and pulls it.",
			Do:      happen("off?node=pve3", "advance?by=1m"),
			Command: question(serviced), Exit: 0, Line: `OK: `,
			Why: "Two OSDs, a monitor and a mgr are away, as expected of this host. All PGs are active.",
		},
		{
			Happens: "The cluster's check.",
			Command: question(cluster), Exit: 0, Line: `OK: `,
			Why: "pve3 is off and in maintenance, two of three votes are there.",
		},
		customers("The customers.", "Every guest was moved, and nobody had to tell this check."),
		next("Moved while running, with the longest interruption that was measured."),
		{
			Happens: "Somebody asks once more whether pve3 may be serviced.",
			Command: question(ready), Exit: 1, Line: `WARNING: YES, service pve3, off already, but: the OSDs of pve3 are down already, there is nothing more to lose`,
			Why: "It is off already. Nothing more is lost, and no other OSD may fail now.",
		},
		{
			Happens: "And whether it is drained. It has been off for six minutes.",
			Do:      happen("advance?by=6m"),
			Command: question(drained), Exit: 0, Line: `OK: YES, pve3 is drained`,
			Why: "What was on it is remembered from the time when it was alive.",
		},
		{
			Happens: "Its fans stand still.",
			Command: question("check_fans"), Exit: 0, Line: `OK: .*server is off`,
			Why: "The controller says that the server is off. Fans that stand still are right.",
		},
		{
			Happens: "Is it back? It lies on the table.",
			Command: question(returned), Exit: 2, Line: `CRITICAL: NO, pve3 is not fully back: pve3 is offline, also UNKNOWN: the management controller says that the server is off\n\[CRITICAL\] pve3 is offline\n  start it`,
			Why: "Everything that is still to be done, in order.",
		},
		{
			Happens: "A disk on pve1 dies, while pve3 lies on the table.",
			Do:      happen("ceph stop?osd=0", "advance?by=1m"),
			Command: question(serviced), Exit: 2, Line: `CRITICAL: .*`,
			Why: "Ceph says HEALTH_WARN, exactly as a minute ago, and clients' I/O stands still.",
		},
		{
			Happens: "May another node be serviced meanwhile?",
			Command: question("check_serviceable --node pve2 --ceph command"), Exit: 2, Line: `CRITICAL: NO, pve2 must stay on, \d+ reasons: `,
			Why: "Two nodes in trouble at once are one too many.",
		},
		{
			Happens: "The disk works again.",
			Do:      happen("ceph start?osd=0", "ceph recover", "advance?by=1m"),
			Command: question(serviced), Exit: 0, Line: `OK: `,
			Why: "Only the expected is broken again.",
		},
	}
}

// back is step 4: is it fully back, and nothing left behind?
func back() []Step {
	return []Step{
		{
			Happens: "pve3 has new fans and boots.",
			Do:      happen("on?node=pve3", "ceph recover"),
			Command: question(returned), Exit: 2, Line: `CRITICAL: NO, pve3 is not fully back, 4 reasons: \(1\) pve3 is still in HA maintenance`,
			Why: "A green node is not a node that is back.",
		},
		{
			Happens: "node-maintenance disable pve3, two minutes ago: HA has moved its guest home.",
			Do:      happen("pve maintenance?node=pve3&on=0", "advance?by=2m"),
			Command: question(returned), Exit: 2, Line: `CRITICAL: NO, pve3 is not fully back, 2 reasons: \(1\) vm105 db1 is on pve1, it was on pve3 \(2\) noout is still set for host pve3.*\n.*\n  on pve1: qm migrate 105 pve3 --online\n`,
			Why: "HA brings back what is under HA. The rest knows its home from the baseline.",
		},
		{
			Happens: "qm migrate 105 pve3 --online",
			Do:      happen("pve migrate?id=105&to=pve3&for=20s", "advance?by=10s"),
			Command: question(returned), Exit: 2, Line: `CRITICAL: NO, pve3 is not fully back, \d reasons: \(1\) vm105 db1 is being migrated`,
			Why: "Wait.",
		},
		{
			Happens: "It is home. Everybody goes for lunch.",
			Do:      happen("advance?by=1m"),
			Command: question(returned), Exit: 2, Line: `CRITICAL: NO, pve3 is not fully back: noout is still set for host pve3\n  on pve1: ceph osd unset-group noout pve3`,
			Why: "Forgotten noout: the next disk that fails would never be rebuilt. Set for a host it shows in no list of flags.",
		},
		{
			Happens: "noout is gone. The mute that somebody set for the maintenance is not.",
			Do:      happen("ceph unset?flag=noout&host=pve3", "ceph mute?code=OSD_DOWN"),
			Command: question(returned), Exit: 2, Line: `CRITICAL: NO, pve3 is not fully back: OSD_DOWN is still muted\n  on pve1: ceph health unmute OSD_DOWN`,
			Why: "HEALTH_OK, and the next dead OSD would be HEALTH_OK too.",
		},
	}
}

// whole is the end of it.
func whole() []Step {
	return []Step{
		{
			Happens: "One OSD of pve3 is up and out.",
			Do:      happen("ceph unmute?code=OSD_DOWN", "ceph out?osd=4", "ceph recover"),
			Command: question(returned), Exit: 2, Line: `CRITICAL: NO, pve3 is not fully back: osd\.4 is up but out\n  on pve1: ceph osd in 4`,
			Why: "All PGs are clean and Ceph is HEALTH_OK, and a disk does nothing.",
		},
		{
			Happens: "ceph osd in 4, and all data is where it belongs.",
			Do:      happen("ceph in?osd=4", "ceph recover", "advance?by=1m"),
			Command: question(returned + " -v"), Exit: 0, Line: `OK: YES, pve3 is fully back: all \d+ conditions hold`,
			Why: "Node, HA, guests, storages, OSDs, monitors, flags, mutes, fans: all as before.",
		},
		{
			Happens: "The same through the token alone.",
			Command: question("check_reintegrated --node pve3 --baseline $BASE"), Exit: 0, Line: `OK: YES, pve3 is fully back`,
			Why: "Proxmox VE tells all of it, too.",
		},
		{
			Happens: "Without the baseline.",
			Command: question("check_reintegrated --node pve3 --ceph command"), Exit: 1, Line: `WARNING: YES, pve3 is back, but: homes of guests outside HA are not known without a baseline`,
			Why: "What nobody wrote down nobody can compare.",
		},
		{
			Happens: "The cluster, as always.",
			Command: question(cluster), Exit: 0, Line: `OK: `,
			Why: "Whole.",
		},
		{
			Happens: "Ceph, as always.",
			Command: question(storage), Exit: 0, Line: `OK: `,
			Why: "Whole.",
		},
		{
			Happens: "The fans.",
			Command: question("check_fans"), Exit: 0, Line: `OK: 6 fans turn`,
			Why: "Quiet since the repair.",
		},
		customers("And the customers?", "At home again, and away for a third of a second while they moved. Nobody else has noticed anything."),
		next("Finished: the YES of check_reintegrated says so."),
	}
}

// unplanned is the other day: a node goes without anybody having asked.
func unplanned() []Step {
	return []Step{
		{
			Happens: "The other night pve2 loses its power.",
			Do:      happen("crash?node=pve2", "advance?by=20s"),
			Command: question("check_drained --node pve2"), Exit: 3, Line: `UNKNOWN: NOT PROVEN: pve2 is offline and was not in maintenance`,
			Why: "The API goes on listing its guests as running for five minutes. Nobody can say what became of them.",
		},
		{
			Happens: "The cluster's check.",
			Command: question(cluster), Exit: 2, Line: `CRITICAL: .*pve2`,
			Why: "Nobody declared this.",
		},
		{
			Happens: "The guests.",
			Command: question(guestsPlugin), Exit: 2, Line: `CRITICAL: node pve2 is down: 2 guests \(vm102 mail, ct200 dns1\) - 3 of 5 guests answer`,
			Why: "One alarm for the node, however many guests it had. Not one of them is called dead for a reason of its own.",
		},
		{
			Happens: "Ceph's check, with the wrong node under maintenance.",
			Command: question(serviced), Exit: 2, Line: `CRITICAL: .*pve2`,
			Why: "An expected problem never hides an unexpected one.",
		},
		{
			Happens: "May pve3 be serviced now, since one is down anyway?",
			Command: question(ready), Exit: 2, Line: `CRITICAL: NO, pve3 must stay on, \d+ reasons: `,
			Why: "Quorum and monitors would be lost.",
		},
		{
			Happens: "pve2 has power again, and has booted.",
			Do:      happen("on?node=pve2", "ceph recover", "advance?by=1m"),
			Command: question(guestsPlugin), Exit: 0, Line: `OK: 5 of 5 guests answer, rta \S+, 0% lost \|`,
			Why: "Its guests have started with it, and all answer.",
		},
	}
}
