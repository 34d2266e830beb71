package ipmi

import "fmt"

// fixture is a sensor that always says the same.
type fixture struct {
	name  string // %d counts
	typ   byte
	unit  byte
	value float64
	scale scale
	count int
	part  part
}

// fixtures are what a server has besides fans.
var fixtures = []fixture{
	{"Inlet Temp", 0x01, unitCelsius, -6, scale{m: 1, signed: true}, 1, part{0x37, 1}},
	{"Exhaust Temp", 0x01, unitCelsius, 38, scale{m: 1, signed: true}, 1, part{7, 1}},
	{"CPU%d Temp", 0x01, unitCelsius, 54, scale{m: 1, signed: true}, 2, part{3, 1}},
	{"CPU%d VRM TEMP", 0x01, unitCelsius, 47, scale{m: 1, signed: true}, 2, part{3, 1}}, // packed
	{"12V", 0x02, unitVolts, 12.1, scale{m: 60, r: -3}, 1, part{7, 1}},
	{"5VCC", 0x02, unitVolts, 5.01, scale{m: 30, r: -3}, 1, part{7, 1}},
	{"3.3VCC", 0x02, unitVolts, 3.31, scale{m: 17, r: -3}, 1, part{7, 1}},
	{"VBAT", 0x02, unitVolts, 3.07, scale{m: 16, r: -3}, 1, part{40, 1}},
	{"Vcpu%d", 0x02, unitVolts, 1.81, scale{m: 10, r: -3}, 2, part{3, 1}},
	{"PSU%d Power", 0x0b, unitWatts, 168, scale{m: 4}, 2, part{10, 1}},
	{"PSU%d Status", 0x08, 0, 1, scale{}, 2, part{10, 1}},
	{"CPU%d Status", 0x07, 0, 0x80, scale{}, 2, part{3, 1}},
	{"Intrusion", 0x05, 0, 0, scale{}, 1, part{23, 1}},
	{"Watchdog", 0x23, 0, 0, scale{}, 1, part{6, 1}},
	{"Drive %d", 0x0d, 0, 1, scale{}, 12, part{4, 1}},
	{"DIMM%d Temp", 0x01, unitCelsius, 35, scale{m: 1, signed: true}, 16, part{32, 1}},
	{"DIMM%d Status", 0x0c, 0, 0x40, scale{}, 16, part{32, 1}},
	{"PCIe%d Temp", 0x01, unitCelsius, 44, scale{m: 1, signed: true}, 8, part{11, 1}},
	{"NVMe%d Temp", 0x01, unitCelsius, 36, scale{m: 1, signed: true}, 24, part{4, 1}},
	{"Port %d Link", 0x1b, 0, 1, scale{}, 24, part{44, 1}},
}

// others adds about count records of sensors that are no fans, one that only
// writes to the log, and one of the vendor's own.
func (b *builder) others(count int) {
	b.event(identity{b.free(0xf0, 1), "SEL", 0x10, kindSpecific, part{6, 1}})
	b.records = append(b.records, vendorRecord(makers[b.config.Vendor]))
	left := count - 2
	for _, f := range fixtures {
		for i := range f.count {
			if left--; left < 0 {
				return
			}
			b.fixture(f, i+1)
		}
	}
}

func (b *builder) fixture(f fixture, n int) {
	name := f.name
	if f.count > 1 {
		name = fmt.Sprintf(f.name, n)
	}
	id := identity{b.free(1, 1), name, f.typ, kindThreshold, f.part}
	id.part.instance += byte(n - 1)
	if f.unit == 0 {
		id.kind = kindSpecific
		b.states(id, func(*observed) reading { return b.config.part(f, n) })
		return
	}
	m := &measured{unit: f.unit, scale: f.scale, name6: f.name == "CPU%d VRM TEMP"}
	raw := f.scale.raw(f.value)
	b.add(fullRecord(id, *m), &sensor{id, m, func(*observed) reading { return reading{value: raw} }})
}
