package pve

import "slices"

// bulkStart starts guests on all nodes (PVE/API2/Cluster/BulkAction/Guest.pm, since
// release 9).
const bulkStart = "bulk-start"

// Kinds of tasks, by their names in PVE.
var (
	migrationTasks = []string{"qmigrate", "vzmigrate", "migrateall", "hamigrate", "harelocate", "bulk-migrate"}
	startTasks     = []string{"qmstart", "vzstart", "qmresume", "qmcreate", "vzcreate", "qmrestore", "vzrestore", "startall", bulkStart, "qmreboot", "vzreboot", "qmrollback", "vzrollback",
		"qmtunnel", "vzmtunnel"} // a guest that arrives from another cluster
	consoleTasks = []string{"vncproxy", "vncshell", "termproxy", "spiceproxy", "spiceshell"}
)

// Migration says that the task moves guests from its node to another, which it
// does not name.
func (t Task) Migration() bool { return slices.Contains(migrationTasks, t.Type) }

// Begins says that the task starts a guest on its node, or may: one that is
// restarted, restored or rolled back is stopped meanwhile.
func (t Task) Begins() bool { return slices.Contains(startTasks, t.Type) }

// BeginsAnywhere says that the task may start guests on other nodes than its own.
func (t Task) BeginsAnywhere() bool { return t.Type == bulkStart }

// Console says that somebody looks at a guest or a node.
func (t Task) Console() bool { return slices.Contains(consoleTasks, t.Type) }
