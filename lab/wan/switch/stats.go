package main

import "sort"

// stats returns the counters, and resets those that count since the last call.
func (e *engine) stats() statsAnswer {
	now := e.now()
	if elapsed := now - e.rateAt; elapsed > 0 {
		e.rate = float64(e.totalOut-e.rateOut) / float64(elapsed) * 1e9
		e.rateAt, e.rateOut = now, e.totalOut
	}
	answer := statsAnswer{
		PacketsIn: e.totalIn, PacketsOut: e.totalOut, Dropped: e.totalDropped,
		InFlight: e.slots.used, PeakInFlight: e.peakQueue, PacketsPerSecond: e.rate,
		WorstLateMs: float64(e.worst) / 1e6,
		Endpoints:   []endpointStats{}, Links: []linkStats{},
	}
	e.peakQueue, e.worst = e.slots.used, 0
	for _, end := range e.sortedEnds() {
		s := endpointStats{
			ID: end.spec.ID, Location: end.spec.Location, Device: end.spec.Device, Netns: end.spec.Netns,
			Isolated: end.isolated, Lost: end.lost,
			In: end.in, InBytes: end.inBytes, Out: end.out, OutBytes: end.outBytes,
			Dropped: droppedStats{end.foreign, end.unknown, end.hidden, end.refused, end.isolatedDrops, end.writeErrs, end.other},
		}
		for _, a := range end.addresses {
			s.Addresses = append(s.Addresses, ipString(a.ip))
		}
		answer.Endpoints = append(answer.Endpoints, s)
	}
	for _, row := range e.paths {
		for _, p := range row {
			answer.Links = append(answer.Links, linkStats{p.a, p.b, p.packets, p.bytes, p.lost, p.cut, p.overflow})
		}
	}
	sort.Slice(answer.Links, func(i, j int) bool {
		a, b := answer.Links[i], answer.Links[j]
		return a.From < b.From || a.From == b.From && a.To < b.To
	})
	return answer
}

// list returns what is attached, and the settings of every pair of locations.
func (e *engine) list() listAnswer {
	answer := listAnswer{Endpoints: []attachRequest{}, Isolated: []string{}, Lost: []string{}, Pairs: []listedPair{}}
	for _, end := range e.sortedEnds() {
		answer.Endpoints = append(answer.Endpoints, end.spec)
		if end.isolated {
			answer.Isolated = append(answer.Isolated, end.spec.ID)
		}
		if end.lost {
			answer.Lost = append(answer.Lost, end.spec.ID)
		}
	}
	keys := map[pairKey]bool{}
	for key := range e.links.base {
		keys[key] = true
	}
	for key := range e.links.override {
		keys[key] = true
	}
	for key := range keys {
		_, changed := e.links.override[key]
		answer.Pairs = append(answer.Pairs, listedPair{pairSettings{key.a, key.b, e.links.of(key.a, key.b)}, changed})
	}
	sort.Slice(answer.Pairs, func(i, j int) bool {
		a, b := answer.Pairs[i], answer.Pairs[j]
		return a.A < b.A || a.A == b.A && a.B < b.B
	})
	return answer
}

func (e *engine) sortedEnds() []*endpoint {
	ends := make([]*endpoint, 0, len(e.ends))
	for _, end := range e.ends {
		ends = append(ends, end)
	}
	sort.Slice(ends, func(i, j int) bool { return ends[i].spec.ID < ends[j].spec.ID })
	return ends
}
