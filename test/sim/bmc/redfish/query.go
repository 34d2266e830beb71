package redfish

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// Service answers for one world in the shape of one vendor.
type Service struct {
	Profile
	world *world.World
}

// New makes a service. The profile may differ from the vendor's own in all
// that is exported.
func New(p Profile, w *world.World) *Service { return &Service{Profile: p, world: w} }

// Get answers a request for a resource. The refusal is nil when there is one.
func (s *Service) Get(where string, query url.Values) (map[string]any, *Refusal) {
	where = path.Clean(where)
	t := s.tree()
	o, ok := t.find(where)
	if !ok {
		return nil, missing(where)
	}
	return Query{s.Expand, s.Page, s.Skip, s.Refuse}.Apply(o, query, t.find)
}

// Paths lists the paths of all resources but single log entries.
func (s *Service) Paths() []string {
	var out []string
	for p := range s.tree() {
		out = append(out, p)
	}
	return out
}

func (s *Service) tree() tree {
	t := s.resources(&scene{Snapshot: s.world.Look(), log: s.world.Log, history: s.world.History})
	if s.Machine != nil {
		return stocked(t, s.vendor, s.Machine)
	}
	return t
}

// find makes the resource at a path, also when it is a member of a collection
// whose members come whole, as log entries do.
func (t tree) find(where string) (map[string]any, bool) {
	if make, ok := t[where]; ok {
		return make(), true
	}
	make, ok := t[path.Dir(where)]
	if !ok {
		return nil, false
	}
	members, _ := make()["Members"].(arr)
	for _, m := range members {
		if o, ok := m.(obj); ok && len(o) > 1 && o["@odata.id"] == where {
			return o, true
		}
	}
	return nil, false
}

func missing(where string) *Refusal {
	return &Refusal{http.StatusNotFound, "Base.1.8.ResourceMissingAtURI",
		fmt.Sprintf("The resource at the URI %s was not found.", where)}
}

// Query is which query parameters a service understands.
type Query struct {
	Expand int  // depth of $expand, 0: none
	Page   int  // log entries in one answer, 0: all
	Skip   bool // $skip and $top
	Refuse bool // what is not understood is an error
}

// expandTo is the value of $expand: which references, and how deep.
var expandTo = regexp.MustCompile(`^([.*~])(?:\(\$levels=(\d+)\))?$`)

// Apply answers a query on a resource. It changes o.
func (q Query) Apply(o map[string]any, query url.Values, find func(string) (map[string]any, bool)) (map[string]any, *Refusal) {
	for key := range query {
		known := key == "$expand" && q.Expand > 0 || (key == "$skip" || key == "$top") && (q.Skip || q.Page > 0)
		if !known && q.Refuse && strings.HasPrefix(key, "$") {
			return nil, &Refusal{http.StatusBadRequest, "Base.1.8.QueryNotSupportedOnResource",
				fmt.Sprintf("Querying with %s is not supported on the requested resource.", key)}
		}
	}
	if refused := q.page(o, query); refused != nil {
		return nil, refused
	}
	if text := query.Get("$expand"); text != "" && q.Expand > 0 {
		match := expandTo.FindStringSubmatch(text)
		levels := 1
		if match != nil && match[2] != "" {
			levels, _ = strconv.Atoi(match[2])
		}
		if match == nil || levels < 1 || levels > q.Expand {
			return nil, &Refusal{http.StatusBadRequest, "Base.1.8.QueryParameterOutOfRange",
				fmt.Sprintf("The value %s for the query parameter $expand is out of range 1-%d.", text, q.Expand)}
		}
		expand(o, match[1], levels, find)
	}
	return o, nil
}

// page cuts the members of a log as $skip, $top and the page size say.
func (q Query) page(o map[string]any, query url.Values) *Refusal {
	kind, _ := o["@odata.type"].(string)
	members, ok := o["Members"].([]any)
	if !ok || !strings.HasPrefix(kind, "#LogEntryCollection") {
		return nil
	}
	skip, top := 0, len(members)
	if q.Skip || q.Page > 0 {
		for _, p := range []struct {
			key string
			to  *int
		}{{"$skip", &skip}, {"$top", &top}} {
			if text := query.Get(p.key); text != "" {
				n, err := strconv.Atoi(text)
				if err != nil || n < 0 {
					return &Refusal{http.StatusBadRequest, "Base.1.8.QueryParameterValueTypeError",
						fmt.Sprintf("The value %s for the query parameter %s is of a different type.", text, p.key)}
				}
				*p.to = n
			}
		}
	}
	skip = min(skip, len(members))
	end := min(skip+top, len(members))
	if q.Page > 0 && end-skip > q.Page {
		end = skip + q.Page
		o["Members@odata.nextLink"] = fmt.Sprintf("%v?$skip=%d", o["@odata.id"], end)
	}
	o["Members"] = members[skip:end]
	return nil
}

// expand replaces references by what they refer to: those in Links with "~",
// the others with ".", all with "*".
func expand(o map[string]any, which string, levels int, find func(string) (map[string]any, bool)) {
	for key, value := range o {
		links := key == "Links"
		if links && which == "." || !links && which == "~" || key == "Oem" || key == "Actions" {
			continue
		}
		if links {
			if inner, ok := value.(map[string]any); ok {
				expand(inner, ".", levels, find)
			}
			continue
		}
		o[key] = expanded(value, levels, find)
	}
}

func expanded(value any, levels int, find func(string) (map[string]any, bool)) any {
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = expanded(e, levels, find)
		}
		return out
	case map[string]any:
		where, _ := v["@odata.id"].(string)
		if len(v) != 1 || where == "" {
			return v
		}
		target, ok := find(path.Clean(where))
		if !ok {
			return v
		}
		if levels > 1 {
			expand(target, ".", levels-1, find)
		}
		return target
	default:
		return value
	}
}
