package story

const contingency = "check_contingency --ceph command"

// standing is a day on which all is green: nothing is wrong yet.
func standing() []Step {
	return []Step{
		{
			Happens: "Before the holidays. The disk of vm102 was put on pve2 itself once, in a hurry. The cluster's check.",
			Do:      happen("pve set?id=102&key=scsi0&value=local:102/vm-102-disk-0.qcow2,size=8G", "advance?by=1m"),
			Command: question(cluster), Exit: 0, Line: `OK: `,
			Why: "Three nodes, three votes, all guests run.",
		},
		{
			Happens: "Ceph's.",
			Command: question(storage), Exit: 0, Line: `OK: `,
			Why: "Nothing is missing. So all is well?",
		},
		{
			Happens: "May any one thing die tonight?",
			Command: question(contingency + " -v"), Exit: 2, Line: `CRITICAL: node pve2: the only copy of its data is on pve2: vm102 mail \(no backup elsewhere\)`,
			Why: "This green cluster would not survive pve2: a disk that only pve2 has, no backup, and two guests that nobody would restart.",
		},
		{
			Happens: "qm disk move 102 scsi0 ceph",
			Do:      happen("pve set?id=102&key=scsi0&value=ceph:vm-102-disk-0,size=8G", "advance?by=1m", "pve task?node=pve2&id=102&type=qmmove&for=10s"),
			Command: question(contingency), Exit: 1, Line: `WARNING: \(1\) node pve2: 2 guests stay down, room for them elsewhere: vm102 mail, ct200 dns1 are not under HA`,
			Why: "Nothing would be lost any more, and two customers would wait until somebody has mended pve2.",
		},
		{
			Happens: "ha-manager add vm:102, ct:200 and vm:105.",
			Do:      happen("pve ha?id=102&state=started", "pve ha?id=200&state=started", "pve ha?id=105&state=started", "advance?by=1m"),
			Command: question(contingency), Exit: 0, Line: `OK: any 1 of 3 nodes may fail: quorum, storage and room hold`,
			Why: "Proven failure by failure: votes, monitors, PGs, and a place for each guest.",
		},
		{
			Happens: "And it happens: pve2 loses its power again. Five minutes later.",
			Do:      happen("crash?node=pve2", "advance?by=5m"),
			Command: question(guestsPlugin), Exit: 0, Line: `OK: 5 of 5 guests answer`,
			Why: "HA has restarted them where there was room. The other night it was an outage.",
		},
	}
}
