package pve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Ask is what a poll is asked for beside nodes, guests, HA and tasks.
type Ask struct {
	// Votes asks for the votes and the qdevice, two more documents.
	Votes bool
}

// document is one of the parts a cluster is put together from.
type document struct {
	path string
	add  func(*Cluster, json.RawMessage) error
}

func documents(ask Ask) []document {
	list := []document{
		{pathPermissions, (*Cluster).addPermissions},
		{pathStatus, (*Cluster).addStatus},
		{pathManager, (*Cluster).addManager},
		{pathResources, (*Cluster).addResources},
		{pathTasks, (*Cluster).addTasks},
	}
	if ask.Votes {
		list = append(list,
			document{pathVotes, (*Cluster).addVotes},
			document{pathDevice, (*Cluster).addDevice})
	}
	return list
}

func (c *Cluster) addPermissions(raw json.RawMessage) error {
	var p permissions
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	c.Rights, c.granted = lacking(p), p
	return nil
}

// Cluster asks one host after the other until one answers whole and has
// quorum: five documents, seven with the votes, all of which the asked node
// answers itself. If none has quorum, what the first one said without it is
// returned; if none answers whole, the one that said most, with gaps. The
// error is not nil when there is nothing to judge at all: it is or holds
// [ErrUnreachable] or [ErrDenied].
func (c *Client) Cluster(ctx context.Context, ask Ask) (Cluster, error) {
	var best Cluster
	var failed []error
	chosen := -1
	for i, h := range c.hosts {
		limit := c.limit(ctx, i)
		if chosen >= 0 && limit == 0 {
			limit = answerTime // there is something to judge already
		}
		found, err := c.poll(ctx, h, ask, limit)
		if err != nil {
			if errors.Is(err, ErrDenied) {
				return Cluster{Evidence: c.evidence}, err
			}
			failed = append(failed, err)
			continue
		}
		c.locals[i] = found.Asked
		if chosen < 0 || better(found, best) {
			best, chosen = found, i
		}
		if conclusive(found) || ctx.Err() != nil {
			break
		}
	}
	if chosen < 0 {
		return Cluster{Evidence: c.evidence}, fmt.Errorf("%w: %w", ErrUnreachable, list(failed))
	}
	c.chosen = chosen
	best.Evidence = c.evidence
	return best, nil
}

// conclusive says that nothing another host could say would be better. A privilege
// that is missing is missing everywhere.
func conclusive(c Cluster) bool {
	unsure := !c.Quorate
	for _, g := range c.Gaps {
		var e *Error
		if errors.As(g.Err, &e) && e.Code == http.StatusForbidden {
			return true
		}
		unsure = unsure || unsettled(g.Err)
	}
	return !unsure
}

// better prefers quorum, then fewer gaps.
func better(a, b Cluster) bool {
	if a.Quorate != b.Quorate {
		return a.Quorate
	}
	return len(a.Gaps) < len(b.Gaps)
}

// limit bounds a request to the i-th host so that those after it can still be
// asked. The last one has all the time that is left.
func (c *Client) limit(ctx context.Context, i int) time.Duration {
	after := len(c.hosts) - 1 - i
	end, bounded := ctx.Deadline()
	if after == 0 || !bounded {
		return 0
	}
	left := time.Until(end)
	return max(min(answerTime, left-time.Duration(after)*time.Second), left/time.Duration(after+2))
}

// poll puts a cluster together from what one host says. The error is not nil
// when the host does not speak the API at all.
func (c *Client) poll(ctx context.Context, h host, ask Ask, limit time.Duration) (Cluster, error) {
	found := Cluster{Host: h.name}
	var silent error
	for i, d := range documents(ask) {
		if found.Standalone && d.path == pathDevice {
			continue // there is none
		}
		err := silent
		if err == nil {
			var a answer
			if a, err = c.get(ctx, h, d.path, limit); err == nil {
				found.Time = a.time
				err = odd(h, d.path, d.add(&found, a.data))
			} else if i == 0 && unsettled(err) || errors.Is(err, ErrDenied) {
				return Cluster{}, err
			} else if found.Standalone && d.path == pathVotes && refused(err) {
				continue // a node that stands alone has none to tell of
			}
		}
		if err != nil {
			found.Gaps = append(found.Gaps, Gap{Path: d.path, Err: err})
		}
		// A host that fell silent is not asked again: each question would
		// cost its whole bound.
		if unanswered(err) {
			silent = err
		}
	}
	found.conclude()
	return found, nil
}

func odd(h host, path string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Host: h.name, Path: path, Code: http.StatusOK, Err: err}
}

// refused says that the host does not answer this question to us, nor ever will.
func refused(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code/100 == 4 || e.Code == http.StatusNotImplemented)
}

// unanswered says that the host did not answer at all.
func unanswered(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == 0
}

// conclude draws what only several documents together tell.
func (c *Cluster) conclude() {
	missing := func(paths ...string) bool {
		return slices.ContainsFunc(c.Gaps, func(g Gap) bool { return slices.Contains(paths, g.Path) })
	}
	if missing(pathStatus) {
		c.Quorate = false
	}
	if missing(pathManager) {
		c.Quorate = c.Quorate && c.Standalone
	}
	c.Votes.Known = !c.Standalone && len(c.Votes.Voters) > 0 && !missing(pathStatus, pathVotes, pathDevice)
}

// list joins errors in one line. What several hosts answered alike is said
// once.
func list(errs []error) error {
	var texts []string
	hosts := map[string][]string{}
	for _, err := range errs {
		var e *Error
		if !errors.As(err, &e) || e.Code == 0 {
			texts = append(texts, err.Error())
			continue
		}
		text := strings.TrimPrefix(err.Error(), e.Host)
		if hosts[text] == nil {
			texts = append(texts, text)
		}
		hosts[text] = append(hosts[text], e.Host)
	}
	for i, text := range texts {
		texts[i] = strings.Join(hosts[text], ", ") + text
	}
	return errors.New(strings.Join(texts, ", "))
}
