package gate

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Service are the flags of the second gate.
type Service struct {
	Options  `embed:""`
	Baseline string `placeholder:"FILE" help:"What check_drained --save wrote: the technician's card has the places of the parts from there."`
}

// Serviceable answers whether the nodes may be switched off now.
func Serviceable(ctx context.Context, o Service, now func() time.Time) (check.Result, error) {
	var b *pve.Baseline
	var noSlots error
	if o.Baseline != "" {
		read, err := pve.ReadBaseline(o.Baseline)
		if noSlots = err; err == nil {
			b = &read
		}
	}
	f, err := Survey{Options: o.Options, Now: now, Card: true, Baseline: b}.Ask(ctx)
	if err != nil {
		return nothing(f), err
	}
	list := maintenance.Serviceable(f.Evidence)
	r, facts := answer(f, list, o.State.Mode)
	if f.FansErr != nil {
		r.Notes = append(r.Notes, "no card: "+f.FansErr.Error())
	}
	if b != nil && !f.About(*b) {
		b, noSlots = nil, errors.New("the baseline is about "+strings.Join(b.Leaving, ", ")+" of "+b.Cluster)
	}
	if noSlots != nil {
		r.Notes = append(r.Notes, "no places of parts: "+noSlots.Error())
	}
	if places := slots(f, b); f.Fans != nil || len(places) > 0 {
		r.Findings = append(r.Findings, card(f, places))
	}
	names := strings.Join(f.PVE.Leaving, " and ")
	v := verdict{yes: "YES, switch " + names + " off", no: "NO, " + names + " must stay on"}
	if !f.powered() {
		v = verdict{yes: "YES, service " + names + ", off already", no: "NO, do not service " + names + " now"}
	}
	v.but = v.yes + ", but"
	r.Lead, r.Summary = v.lead(list, r.Status())
	r.Facts = facts
	return note(r, o.Journal, f, "check_serviceable"), nil
}

// Return are the flags of the way back.
type Return struct {
	Options  `embed:""`
	Baseline string   `placeholder:"FILE" help:"What check_drained --save wrote before the work."`
	TakenOut []string `placeholder:"PART[,PART...]" help:"Parts that are missing on purpose, by the name that this check gives each. Every other part is compared as before."`
}

// Validate refuses parts without anything to compare.
func (o Return) Validate() error {
	if len(o.TakenOut) > 0 && o.Baseline == "" {
		return errors.New("--taken-out: expected the --baseline that has the parts")
	}
	return nil
}

// Reintegrated answers whether the nodes are really back.
func Reintegrated(ctx context.Context, o Return, now func() time.Time) (check.Result, error) {
	var back maintenance.Return
	if o.Baseline != "" {
		b, err := pve.ReadBaseline(o.Baseline)
		if back.BaselineErr = err; err == nil {
			back.Baseline = &b
		}
	}
	f, err := Survey{Options: o.Options, Now: now, Back: true, Baseline: back.Baseline}.Ask(ctx)
	if err != nil {
		return nothing(f), err
	}
	back.Evidence, back.Fans, back.FansErr, back.Hardware = f.Evidence, f.Fans, f.FansErr, f.Hardware
	back.Hardware.TakenOut = o.TakenOut
	list := maintenance.Reintegrated(back)
	r, facts := answer(f, list, o.State.Mode)
	if yes := r.Status() == check.OK || r.Status() == check.WARNING; yes && back.Unasked() {
		r.Notes = append(r.Notes, "power supplies and links not compared without --bmc")
	}
	if n := back.OnPurpose(); n > 0 {
		r.Notes = append(r.Notes, phrase.Count(n, "part", "parts")+" taken out on purpose")
	}
	who := are(f.PVE.Leaving)
	r.Lead, r.Summary = verdict{"YES, " + who + " fully back", "YES, " + who + " back, but", "NO, " + who + " not fully back"}.lead(list, r.Status())
	r.Facts = facts
	f.happened = partsEntries(back)
	return note(r, o.Journal, f, "check_reintegrated"), nil
}
