package notice

import "time"

// Facts are what the words say, for machines: lower_snake keys, times in the
// customer's zone. What is never shown is not in it.
func (n Notice) Facts() map[string]any {
	zone, err := time.LoadLocation(n.Zone)
	if err != nil {
		zone = time.UTC
	}
	f := map[string]any{"event": n.Event, "kind": string(n.Kind), "number": n.Number, "at": n.At.In(zone)}
	set := func(to map[string]any, key string, t time.Time) {
		if !t.IsZero() {
			to[key] = t.In(zone)
		}
	}
	set(f, "begun", n.Begun)
	set(f, "ended", n.Ended)
	set(f, "next", n.Next)
	servers := []map[string]any{}
	for _, x := range shownOf(n.Servers) {
		s := map[string]any{"id": x.ID, "name": x.Name, "answers": !x.Away()}
		set(s, "silent", x.Silent)
		set(s, "back", x.Back)
		if x.Gone {
			s["gone"] = true
		}
		if n.Planned() || x.Stopped {
			delete(s, "answers")
		}
		servers = append(servers, s)
	}
	f["servers"] = servers
	if n.Work != nil {
		w := map[string]any{"impact": string(n.Work.Impact), "reason": string(n.Work.Reason)}
		set(w, "from", n.Work.From)
		set(w, "until", n.Work.Until)
		f["work"] = w
	}
	for key, text := range map[string]string{"cause": string(n.Cause), "live": string(n.Live), "text": n.Text} {
		if text != "" {
			f[key] = text
		}
	}
	if n.GapMS != nil {
		f["gap_most_ms"] = *n.GapMS
	}
	return f
}
