package check

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// openMetrics renders the result for the textfile collector of the Prometheus
// node exporter (which reads the older text format: a gauge looks the same in
// both).
func (o *output) openMetrics(r Result, now time.Time) []byte {
	r = r.judged()
	own := pair("plugin", o.plugin) + "," + pair("target", o.target)
	var b strings.Builder
	family(&b, "noout_status", "Status of the last run: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.")
	fmt.Fprintf(&b, "noout_status{%s} %d\n", own, int(r.worst()))
	family(&b, "noout_perfdata", "Performance data of the last run.")
	for i, label := range labels(r.Perfdata) {
		d := r.Perfdata[i]
		if label == "" || !finite(d.Value) {
			continue
		}
		fmt.Fprintf(&b, "noout_perfdata{%s,%s,%s} %s\n", own, pair("label", label), pair("unit", unitOf(d.Unit)), number(d.Value))
	}
	family(&b, "noout_last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.")
	fmt.Fprintf(&b, "noout_last_run_timestamp_seconds{%s} %s\n", own, strconv.FormatInt(now.Unix(), 10))
	b.WriteString("# EOF\n")
	return []byte(b.String())
}

func family(b *strings.Builder, name, help string) {
	fmt.Fprintf(b, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help)
}

// pair is a label with its value. Of what must be escaped only the quotation
// mark and the backslash can be left after cleaning.
func pair(name, value string) string {
	value = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(clean(value, maxText, asData))
	return name + `="` + value + `"`
}
