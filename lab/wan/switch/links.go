package main

import (
	"sort"
	"strings"
	"time"
)

// linkSettings are the settings of a pair of locations; nil means not given.
type linkSettings struct {
	RttMs    *float64 `json:"rttMs,omitempty"`
	JitterMs *float64 `json:"jitterMs,omitempty"`
	Loss     *float64 `json:"loss,omitempty"`
	Mbps     *float64 `json:"mbps,omitempty"`
	Down     *bool    `json:"down,omitempty"`
}

type pairSettings struct {
	A string `json:"a"`
	B string `json:"b"`
	linkSettings
}

type pairKey struct{ a, b string }

func keyOf(a, b string) pairKey {
	if a > b {
		a, b = b, a
	}
	return pairKey{a, b}
}

// links holds the matrix and the changes on top of it.
type links struct {
	locations map[string]bool
	base      map[pairKey]linkSettings
	override  map[pairKey]linkSettings
}

func newLinks() *links {
	return &links{map[string]bool{}, map[pairKey]linkSettings{}, map[pairKey]linkSettings{}}
}

func (l *links) knows(location string) bool { return l.locations[location] }

func (l *links) known() string {
	if len(l.locations) == 0 {
		return "none yet"
	}
	names := make([]string, 0, len(l.locations))
	for name := range l.locations {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func check(p pairSettings) error {
	inRange := func(name string, value *float64, low, high float64) error {
		if value != nil && (*value < low || *value > high) {
			return failure("bad-value", "%s of %s-%s is %v; it must lie between %v and %v", name, p.A, p.B, *value, low, high)
		}
		return nil
	}
	if p.A == "" || p.B == "" {
		return failure("bad-value", "a pair needs two locations; got %q and %q", p.A, p.B)
	}
	if err := inRange("rttMs", p.RttMs, 0, 10000); err != nil {
		return err
	}
	if err := inRange("jitterMs", p.JitterMs, 0, 1000); err != nil {
		return err
	}
	if err := inRange("loss", p.Loss, 0, 100); err != nil {
		return err
	}
	return inRange("mbps", p.Mbps, 0, 100000)
}

// setMatrix replaces the matrix; changes on top of it stay.
func (l *links) setMatrix(pairs []pairSettings, inUse []string) error {
	locations := map[string]bool{}
	base := map[pairKey]linkSettings{}
	for _, p := range pairs {
		if err := check(p); err != nil {
			return err
		}
		if p.RttMs == nil {
			return failure("bad-value", "the matrix gives no rttMs for %s-%s", p.A, p.B)
		}
		key := keyOf(p.A, p.B)
		if _, twice := base[key]; twice {
			return failure("bad-value", "the matrix gives %s-%s twice", key.a, key.b)
		}
		locations[p.A], locations[p.B] = true, true
		base[key] = p.linkSettings
	}
	for a := range locations {
		for b := range locations {
			if _, given := base[keyOf(a, b)]; a < b && !given {
				return failure("bad-value", "the matrix gives no rttMs for %s-%s", a, b)
			}
		}
	}
	for _, location := range inUse {
		if !locations[location] {
			return failure("unknown-location", "location %q is in use but not in the new matrix", location)
		}
	}
	l.locations, l.base = locations, base
	for key := range l.override {
		if !locations[key.a] || !locations[key.b] {
			delete(l.override, key)
		}
	}
	return nil
}

// change puts settings on top of the matrix; those that are not given stay.
func (l *links) change(p pairSettings) error {
	if err := check(p); err != nil {
		return err
	}
	for _, location := range []string{p.A, p.B} {
		if !l.knows(location) {
			return failure("unknown-location", "location %q is not in the matrix; known: %s", location, l.known())
		}
	}
	key := keyOf(p.A, p.B)
	l.override[key] = merge(l.override[key], p.linkSettings)
	return nil
}

// heal takes back changes: of one pair, of all pairs of one location, or all.
func (l *links) heal(a, b string) {
	for key := range l.override {
		one := a == "" || key.a == a || key.b == a
		other := b == "" || key == keyOf(a, b)
		if one && other {
			delete(l.override, key)
		}
	}
}

func (l *links) of(a, b string) linkSettings {
	key := keyOf(a, b)
	return merge(l.base[key], l.override[key])
}

// apply computes the settings of one direction: half of the round trip and half of the jitter.
func (l *links) apply(p *path) {
	s := l.of(p.a, p.b)
	half := func(ms *float64) int64 {
		if ms == nil {
			return 0
		}
		return int64(*ms * float64(time.Millisecond) / 2)
	}
	p.delay = half(s.RttMs)
	p.jitter = half(s.JitterMs)
	p.loss = 0
	if s.Loss != nil {
		p.loss = uint64(*s.Loss / 100 * (1 << 32))
	}
	p.down = s.Down != nil && *s.Down
	p.nsByte = 0
	if s.Mbps != nil && *s.Mbps > 0 {
		p.nsByte = 8000 / *s.Mbps
	}
}

func merge(under, over linkSettings) linkSettings {
	if over.RttMs != nil {
		under.RttMs = over.RttMs
	}
	if over.JitterMs != nil {
		under.JitterMs = over.JitterMs
	}
	if over.Loss != nil {
		under.Loss = over.Loss
	}
	if over.Mbps != nil {
		under.Mbps = over.Mbps
	}
	if over.Down != nil {
		under.Down = over.Down
	}
	return under
}
