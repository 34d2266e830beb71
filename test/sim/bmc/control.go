package bmc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// Do carries out an action given as text: those of [world.Parse], and
//
//	fault     name, path, method, after, times, delay
//	ipmi      name, after, every, times, delay, code, command, sensor: a fault of
//	          IPMI, see [ipmi.Fault]; numbers may be hexadecimal
//	mend      ends all faults
//	advance   by
//	forget    begins counting anew
//	hardware  part, is: see [machine.Machine.Set]
func (s *Sim) Do(text string) error {
	if query, ok := strings.CutPrefix(text, "hardware?"); ok {
		values, err := url.ParseQuery(query)
		if err != nil || s.server.Machine == nil {
			return fmt.Errorf("reading %q: this server shows no hardware (%w)", text, err)
		}
		return s.server.Machine.Set(values.Get("part"), values.Get("is"))
	}
	action, err := s.action(text)
	if err != nil {
		return err
	}
	if own, ok := action.(world.Call); ok {
		own(time.Time{})
		return nil
	}
	return s.World.Do(action)
}

// Play plans the lines of a script, see [world.ParseScript].
func (s *Sim) Play(script string) error {
	lines, err := world.ParseScript(script)
	if err != nil {
		return err
	}
	for _, l := range lines {
		action, err := s.action(l.Action)
		if err == nil && l.Every > 0 {
			err = s.World.Every(l.Every, l.First, action)
		} else if err == nil {
			err = s.World.After(l.First, action)
		}
		if err != nil {
			return fmt.Errorf("script line %d: %w", l.Number, err)
		}
	}
	return nil
}

func (s *Sim) action(text string) (world.Action, error) {
	name, query, _ := strings.Cut(text, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", text, err)
	}
	switch name {
	case "mend":
		return world.Call(func(time.Time) { s.Mend() }), nil
	case "forget":
		return world.Call(func(time.Time) { s.Forget() }), nil
	case "advance":
		by, err := time.ParseDuration(values.Get("by"))
		if err != nil || by < 0 {
			return nil, fmt.Errorf("reading %q: advance needs by=DURATION", text)
		}
		return world.Call(func(time.Time) { s.Advance(by) }), nil
	case "fault":
		f, err := readFault(values)
		if err != nil {
			return nil, fmt.Errorf("reading %q: %w", text, err)
		}
		return world.Call(func(time.Time) {
			_, err := s.Break(f)
			s.stats.broke(err)
		}), nil
	case "ipmi":
		f, err := readIPMIFault(values)
		if err == nil && s.ipmi == nil {
			err = errNoIPMI
		}
		if err != nil {
			return nil, fmt.Errorf("reading %q: %w", text, err)
		}
		return world.Call(func(time.Time) {
			_, err := s.BreakIPMI(f)
			s.stats.broke(err)
		}), nil
	default:
		return world.Parse(text)
	}
}

func readFault(values url.Values) (Fault, error) {
	f := Fault{Name: values.Get("name"), Path: values.Get("path"), Method: values.Get("method")}
	var err error
	for key := range values {
		text := values.Get(key)
		var bad error
		switch key {
		case "name", "path", "method":
		case "after":
			f.After, bad = strconv.Atoi(text)
		case "times":
			f.Times, bad = strconv.Atoi(text)
		case "delay":
			f.Delay, bad = time.ParseDuration(text)
		default:
			bad = errors.New("no such setting")
		}
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", key, bad))
		}
	}
	return f, errors.Join(err, f.check())
}

// Control returns what steers a simulator from outside: POST /drop?fan=3 and
// all else that [Sim.Do] knows, GET /stats, GET /world, POST /stop. It must
// not be reachable from other machines.
func (s *Sim) Control(stop func()) http.Handler {
	mux := http.NewServeMux()
	for _, method := range []string{"GET", "POST"} {
		mux.HandleFunc(method+" /stats", func(w http.ResponseWriter, _ *http.Request) { s.reply(w, s.Stats()) })
	}
	mux.HandleFunc("GET /world", func(w http.ResponseWriter, _ *http.Request) { s.reply(w, s.World.Look()) })
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, _ *http.Request) { s.reply(w, s.Elsewhere().Visits()) })
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		// Whoever asks hears of it before nobody answers any more.
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		s.stats.broke(http.NewResponseController(w).Flush())
		stop()
	})
	mux.HandleFunc("POST /{action}", func(w http.ResponseWriter, r *http.Request) {
		text := r.PathValue("action")
		if r.URL.RawQuery != "" {
			text += "?" + r.URL.RawQuery
		}
		if err := s.Do(text); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// Whoever asked and left needs no answer.
		_, _ = io.WriteString(w, "done\n")
	})
	return mux
}

func (s *Sim) reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	s.stats.broke(e.Encode(v))
}
