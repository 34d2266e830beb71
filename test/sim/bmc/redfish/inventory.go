package redfish

import (
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/machine"
)

// Inventory is how a vendor shows what its server is made of.
type Inventory struct {
	// Bays says that an empty place is listed, as Absent; else it is not listed.
	Bays bool
	// Subsystem says that power supplies are in a PowerSubsystem, else in Power.
	Subsystem bool
	// Dead is the Status of a power supply without input.
	Dead obj
}

// inventories of the vendors that differ from the usual.
var inventories = map[Vendor]Inventory{
	HPE:        {Bays: true, Dead: obj{"State": "UnavailableOffline", "Health": "Critical"}},
	HPE7:       {Bays: true, Subsystem: true},
	Lenovo:     {Bays: true},
	AMI:        {Bays: true},
	Cisco:      {Bays: true},
	GB200:      {Subsystem: true},
	OpenBMC:    {Subsystem: true},
	Dell:       {},
	Supermicro: {},
}

// stock adds the parts of a machine to a vendor's resources.
type stock struct {
	tree
	Inventory
	machine         *machine.Machine
	system, chassis string
}

// stocked adds what the machine is made of to a tree that shows only fans.
func stocked(t tree, v Vendor, m *machine.Machine) tree {
	s := stock{tree: t, Inventory: inventories[v], machine: m, system: t.first("/redfish/v1/Systems/"), chassis: t.housing()}
	if s.system == "" || s.chassis == "" {
		return t
	}
	s.amend(s.system, obj{
		"Memory": ref(s.system + "/Memory"), "Processors": ref(s.system + "/Processors"), "EthernetInterfaces": ref(s.system + "/EthernetInterfaces"),
		"Storage": ref(s.system + "/Storage"), "BiosVersion": "2.13.3",
	})
	around := obj{"NetworkAdapters": ref(s.chassis + "/NetworkAdapters"), "PCIeDevices": ref(s.chassis + "/PCIeDevices")}
	if s.Subsystem {
		around["PowerSubsystem"] = ref(s.chassis + "/PowerSubsystem")
	} else {
		around["Power"] = ref(s.chassis + "/Power")
	}
	s.amend(s.chassis, around)
	s.modules()
	s.processors()
	s.supplies()
	s.network()
	s.disks()
	s.cards()
	return t
}

// first is the first resource right below a path.
func (t tree) first(below string) string {
	for _, p := range slices.Sorted(maps.Keys(t)) {
		if rest, ok := strings.CutPrefix(p, below); ok && !strings.Contains(rest, "/") {
			return p
		}
	}
	return ""
}

// housing is the chassis that says which system is in it.
func (t tree) housing() string {
	for _, p := range slices.Sorted(maps.Keys(t)) {
		if strings.HasPrefix(p, "/redfish/v1/Chassis/") && !strings.Contains(p, "Enclosure") {
			if links, ok := t[p]()["Links"].(obj); ok && links["ComputerSystems"] != nil {
				return p
			}
		}
	}
	return ""
}

func (s stock) amend(path string, more obj) {
	make := s.tree[path]
	s.tree[path] = func() obj { return merged(make(), more) }
}

// list makes a collection of the parts of a kind. Before the controller has them
// all it is empty.
func (s stock) list(path, kind string, k machine.Kind, show func(machine.Part) obj) {
	s.tree[path] = func() obj {
		members := arr{}
		for _, p := range s.told(k) {
			members = append(members, ref(path+"/"+p.ID))
		}
		return obj{"@odata.id": path, "@odata.type": "#" + kind + "." + kind, "Name": kind, "Members": members, "Members@odata.count": len(members)}
	}
	for _, p := range s.machine.Parts(k) {
		at := path + "/" + p.ID
		s.tree[at] = func() obj {
			o := show(p)
			o["@odata.id"], o["Id"] = at, p.ID
			return o
		}
	}
}

// told are the parts that the controller lists.
func (s stock) told(k machine.Kind) []machine.Part {
	parts, ready := s.machine.Told(k)
	if !ready {
		return nil
	}
	return slices.DeleteFunc(parts, func(p machine.Part) bool { return p.State == machine.Gone && !s.Bays })
}

// state is a part's Status.
func state(p machine.Part) obj {
	switch p.State {
	case machine.Gone:
		return obj{"State": "Absent", "Health": nil}
	case machine.Bad:
		return obj{"State": "Enabled", "Health": "Critical"}
	case machine.Off:
		return obj{"State": "Disabled", "Health": "OK"}
	}
	return well()
}

// here says that a part is there; one that is not has no facts.
func here(p machine.Part, facts obj) obj {
	if p.State == machine.Gone {
		return obj{"Name": facts["Name"], "DeviceLocator": facts["DeviceLocator"], "Status": state(p)}
	}
	return facts
}

func (s stock) modules() {
	s.list(s.system+"/Memory", "MemoryCollection", machine.Module, func(p machine.Part) obj {
		return here(p, obj{"Name": "DIMM " + p.Slot, "DeviceLocator": p.Slot, "CapacityMiB": p.Size >> 20, "SerialNumber": p.Serial, "PartNumber": p.Model + "  ", "MemoryType": "DRAM", "Status": state(p)})
	})
}

func (s stock) processors() {
	s.list(s.system+"/Processors", "ProcessorCollection", machine.CPU, func(p machine.Part) obj {
		return here(p, obj{"Name": "Processor", "Socket": p.Slot, "ProcessorType": "CPU", "Model": p.Model, "TotalCores": 12, "TotalThreads": 24, "SerialNumber": p.Serial, "Status": state(p)})
	})
}

// supply is a power supply; one without a cable has no input.
func (s stock) supply(p machine.Part) obj {
	o := obj{"MemberId": p.ID, "Name": "Power Supply " + p.Slot, "Model": p.Model, "SerialNumber": p.Serial, "LineInputVoltage": 230, "LastPowerOutputWatts": 182, "Status": state(p)}
	if p.State == machine.Off {
		o["LineInputVoltage"], o["LastPowerOutputWatts"], o["Status"] = 0, 0, obj{"State": "Enabled", "Health": "Critical"}
		if s.Dead != nil {
			o["Status"] = s.Dead
		}
	}
	if p.State == machine.Gone {
		return obj{"MemberId": p.ID, "Name": o["Name"], "Status": state(p)}
	}
	return o
}

func (s stock) supplies() {
	if s.Subsystem {
		path := s.chassis + "/PowerSubsystem"
		s.resource(path, "#PowerSubsystem.v1_1_0.PowerSubsystem", "PowerSubsystem", obj{"Name": "Power", "PowerSupplies": ref(path + "/PowerSupplies"), "Status": well()})
		s.list(path+"/PowerSupplies", "PowerSupplyCollection", machine.Supply, s.supply)
		return
	}
	path := s.chassis + "/Power"
	s.tree[path] = func() obj {
		var members arr
		for _, p := range s.told(machine.Supply) {
			members = append(members, s.supply(p))
		}
		return obj{"@odata.id": path, "@odata.type": "#Power.v1_5_0.Power", "Id": "Power", "Name": "Power", "PowerSupplies": members}
	}
}

// network shows fast ports as those of one adapter, and every port as an
// interface of the host.
func (s stock) network() {
	s.list(s.system+"/EthernetInterfaces", "EthernetInterfaceCollection", machine.Port, func(p machine.Part) obj {
		o := obj{"Name": "Ethernet Interface " + p.ID, "MACAddress": strings.ToUpper(p.MAC), "LinkStatus": "LinkUp", "SpeedMbps": p.Speed, "Status": well()}
		if p.State != machine.Works {
			o["LinkStatus"], o["SpeedMbps"] = "LinkDown", nil
		}
		return o
	})
	adapters := s.chassis + "/NetworkAdapters"
	s.collection(adapters, "NetworkAdapterCollection", "Network Adapters", refs(adapters+"/SLOT_3"))
	s.resource(adapters+"/SLOT_3", "#NetworkAdapter.v1_9_0.NetworkAdapter", "SLOT_3", obj{"Name": "Adapter", "Ports": ref(adapters + "/SLOT_3/Ports"), "Status": well()})
	ports := adapters + "/SLOT_3/Ports"
	s.tree[ports] = func() obj {
		members := arr{}
		for _, p := range s.told(machine.Port) {
			if p.Speed > 1000 && p.State != machine.Gone {
				members = append(members, ref(ports+"/"+p.ID))
			}
		}
		return obj{"@odata.id": ports, "@odata.type": "#PortCollection.PortCollection", "Name": "Ports", "Members": members, "Members@odata.count": len(members)}
	}
	for _, p := range s.machine.Parts(machine.Port) {
		s.tree[ports+"/"+p.ID] = func() obj {
			o := obj{"@odata.id": ports + "/" + p.ID, "Id": p.ID, "Name": "Port", "PortId": strings.TrimPrefix(p.Slot, "SLOT 3 port "), "LinkStatus": "LinkUp", "CurrentSpeedGbps": float64(p.Speed) / 1000, "Ethernet": obj{"AssociatedMACAddresses": []any{p.MAC}}, "Status": well()}
			if p.State != machine.Works {
				o["LinkStatus"], o["CurrentSpeedGbps"] = "LinkDown", nil
			}
			return o
		}
	}
}

func (s stock) disks() {
	path := s.system + "/Storage"
	s.collection(path, "StorageCollection", "Storage", refs(path+"/HBA"))
	s.tree[path+"/HBA"] = func() obj {
		drives := arr{}
		for _, p := range s.told(machine.Disk) {
			drives = append(drives, ref(path+"/HBA/Drives/"+p.ID))
		}
		return obj{"@odata.id": path + "/HBA", "Id": "HBA", "Name": "HBA", "Drives": drives, "Status": well()}
	}
	for _, p := range s.machine.Parts(machine.Disk) {
		s.tree[path+"/HBA/Drives/"+p.ID] = func() obj {
			return merged(here(p, obj{"Name": "Disk Bay " + p.Slot, "Model": p.Model, "SerialNumber": p.Serial, "CapacityBytes": p.Size, "Status": state(p)}),
				obj{"@odata.id": path + "/HBA/Drives/" + p.ID, "Id": p.ID, "PhysicalLocation": obj{"PartLocation": obj{"ServiceLabel": "Bay " + p.Slot}}})
		}
	}
}

func (s stock) cards() {
	s.list(s.chassis+"/PCIeDevices", "PCIeDeviceCollection", machine.Card, func(p machine.Part) obj {
		o := obj{"Name": p.Model, "Manufacturer": "a maker", "DeviceType": "MultiFunction", "SerialNumber": p.Serial, "Status": state(p)}
		if p.Slot != "" {
			o["Slot"] = obj{"Location": obj{"PartLocation": obj{"ServiceLabel": p.Slot}}}
		}
		return here(p, o)
	})
}
