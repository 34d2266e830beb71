package ha

import (
	"math"
	"slices"
)

// Weights of the criteria of the static scheduler, all to be kept small: mean
// and highest share of CPU, mean and highest share of memory.
var weights = [4]float64{1, 2, 5, 10}

// near is when two scores differ by no more than the order of a sum does: then
// the manager's own arithmetic decides, and it is not foreseen which.
const near = 1e-9

// leastLoaded is the node that the static scheduler takes: by TOPSIS, the
// alternative that is nearest to the best and farthest from the worst of each
// criterion, each node rated as if the service ran there already.
func (m *manager) leastLoaded(s Service, nodes []string) string {
	rated := m.rate(s)
	// all online nodes are alternatives, not only the candidates
	score := topsis(rated)
	best, second := "", math.Inf(-1)
	top := math.Inf(-1)
	for _, n := range nodes {
		switch v := score[slices.Index(m.online, n)]; {
		case v > top:
			second, top, best = top, v, n
		default:
			second = math.Max(second, v)
		}
	}
	if len(nodes) > 1 && top != second && top-second < near {
		return ""
	}
	return best
}

// rate is one row for each online node. Each row is about all nodes, of which
// one is changed: sums and maxima are kept, so that a row costs no more than one
// node.
func (m *manager) rate(s Service) [][4]float64 {
	n := float64(len(m.online))
	shares := make([][2]float64, len(m.online))
	var squares [2]float64
	first, second := [2]float64{}, [2]float64{}
	for i, name := range m.online {
		u := m.index[name]
		shares[i] = [2]float64{u.cpu / u.cpus, u.mem / u.memory}
		for k, v := range shares[i] {
			squares[k] += v * v
			if v > first[k] {
				first[k], second[k] = v, first[k]
			} else if v > second[k] {
				second[k] = v
			}
		}
	}
	rows := make([][4]float64, len(m.online))
	for i, name := range m.online {
		u := m.index[name]
		added := [2]float64{s.CPUs, s.Memory}
		if s.CPUs == 0 {
			added[0] = u.cpus // no limit
		}
		after := [2]float64{(u.cpu + added[0]) / u.cpus, (u.mem + added[1]) / u.memory}
		for k, v := range after {
			others := first[k]
			if shares[i][k] == first[k] {
				others = second[k]
			}
			sum := math.Max(0, squares[k]-shares[i][k]*shares[i][k]) + v*v
			// one is added, so that small differences stay small
			rows[i][2*k] = 1 + math.Sqrt(sum/n)
			rows[i][2*k+1] = 1 + math.Max(others, v)
		}
	}
	return rows
}

// topsis scores alternatives from 0 to 1, of criteria that are costs.
func topsis(rows [][4]float64) []float64 {
	var norm, sum [4]float64
	best, worst := [4]float64{}, [4]float64{}
	total := 0.0
	for k, w := range weights {
		total += w
		best[k], worst[k] = math.Inf(1), math.Inf(-1)
		for _, r := range rows {
			sum[k] += r[k] * r[k]
		}
		norm[k] = math.Sqrt(sum[k])
	}
	scaled := make([][4]float64, len(rows))
	for i, r := range rows {
		for k, w := range weights {
			v := r[k] / norm[k] * w / total
			scaled[i][k] = v
			best[k], worst[k] = math.Min(best[k], v), math.Max(worst[k], v)
		}
	}
	out := make([]float64, len(rows))
	for i, r := range scaled {
		toBest, toWorst := 0.0, 0.0
		for k, v := range r {
			toBest += (v - best[k]) * (v - best[k])
			toWorst += (v - worst[k]) * (v - worst[k])
		}
		toBest, toWorst = math.Sqrt(toBest), math.Sqrt(toWorst)
		if toBest+toWorst > 0 {
			out[i] = toWorst / (toBest + toWorst)
		}
	}
	return out
}
