package check

import "path"

// Metric declares an item of performance data, so that graphs, dashboards and
// pages of documentation can be made without a run. Each run gives those that it
// knows.
type Metric struct {
	// Label is that of the [Perfdatum]. A * stands for a part that is only known
	// in a run, such as the id of a sensor.
	Label string `json:"label"`
	Unit  string `json:"unit,omitempty"`
	Help  string `json:"help"`
}

// Matches reports whether an item with this label and unit is such a metric. A
// metric that is declared without a unit may have one: a fan is read in
// revolutions or in percent.
func (m Metric) Matches(label, unit string) bool {
	ok, err := path.Match(m.Label, label) // labels hold no /
	return err == nil && ok && (m.Unit == "" || m.Unit == unit)
}
