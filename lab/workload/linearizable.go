package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// keyState is one key in the model: etcd, as one client of a single, never failing server would see it.
type keyState struct {
	version
	// known is false at first: an earlier run may have left the key.
	known bool
}

// call is one operation with its answer, as the model takes it. A write has in version what it wrote and at which
// revision; a read, or a swap that did not, what it found.
type call struct {
	kind     string
	wrote    bool
	expected int64
	version
	record Record
}

var model = porcupine.Model{
	Init: func() any { return keyState{} },
	Step: func(state, input, _ any) (bool, any) {
		current, c := state.(keyState), input.(call)
		after := keyState{version: c.version, known: true}
		if !current.known {
			return true, after
		}
		switch {
		case c.kind == kindCAS && c.wrote:
			return current.revision == c.expected && c.revision > current.revision, after
		case c.wrote:
			return c.revision > current.revision, after
		case c.kind == kindCAS && current.revision == c.expected:
			return false, current
		default:
			return c.version == current.version, current
		}
	},
	DescribeOperation: func(input, _ any) string {
		c := input.(call)
		return fmt.Sprintf("%s %q @%d", c.kind, c.value, c.revision)
	},
	DescribeState: func(state any) string {
		s := state.(keyState)
		return fmt.Sprintf("%q @%d", s.value, s.revision)
	},
}

// callsByKey prepares the history. A write of unknown outcome may take effect at any time from its start, so it has no
// end. What else is known narrows that without changing the verdict: a value that was seen has been written by then; and
// one that nobody ever saw can be left out, as all that its write could do is to be overwritten unseen.
func callsByKey(h *history) map[string][]porcupine.Operation {
	keys := map[string][]porcupine.Operation{}
	clients := map[string]int{}
	add := func(r Record, c call, end int64) {
		c.kind, c.expected, c.record = r.Kind, r.Expected, r
		if _, numbered := clients[r.Client]; !numbered {
			clients[r.Client] = len(clients)
		}
		keys[r.Key] = append(keys[r.Key], porcupine.Operation{ClientId: clients[r.Client], Input: c, Call: r.Start, Return: max(r.Start, end)})
	}
	for _, r := range h.operations {
		switch seen, wasSeen := h.sightings[r.Value]; {
		case r.OK && r.isWrite():
			add(r, call{wrote: true, version: version{r.Value, r.Revision}}, r.End)
		case r.OK:
			add(r, call{version: version{r.Found, r.FoundRevision}}, r.End)
		case r.Unknown && wasSeen:
			add(r, call{wrote: true, version: version{r.Value, seen.revision}}, seen.at)
		}
	}
	if h.final != nil {
		for key := range keys {
			last := h.final.keys[key]
			read := h.final.head
			read.Kind, read.Key = kindGet, key
			add(read, call{version: version{last.Found, last.FoundRevision}}, read.End)
		}
	}
	return keys
}

// checkLinearizable asks porcupine, key by key: linearizability is a local property, so a history is linearizable if each
// key's is. It returns the keys that could not be decided in time besides the violations.
func checkLinearizable(h *history, timeout time.Duration, drawings string) (violations, undecided []string, err error) {
	deadline := time.Now().Add(timeout)
	keys := callsByKey(h)
	names := make([]string, 0, len(keys))
	for key := range keys {
		names = append(names, key)
	}
	slices.Sort(names)
	for _, key := range names {
		// Porcupine takes 0 for no limit.
		left := max(time.Until(deadline), time.Millisecond)
		result, info := porcupine.CheckOperationsVerbose(model, keys[key], left)
		switch result {
		case porcupine.Unknown:
			undecided = append(undecided, key)
		case porcupine.Illegal:
			sentence := explain(key, keys[key], info)
			if drawings != "" {
				file := filepath.Join(drawings, strings.Trim(strings.ReplaceAll(key, "/", "_"), "_")+".html")
				if err := os.MkdirAll(drawings, 0o755); err != nil {
					return nil, nil, err
				}
				if err := porcupine.VisualizePath(model, info, file); err != nil {
					return nil, nil, err
				}
				sentence += "; drawn in " + file
			}
			violations = append(violations, sentence)
		}
	}
	return violations, undecided, nil
}

// explain names the first operation that fits into no order with the others.
func explain(key string, operations []porcupine.Operation, info porcupine.LinearizationInfo) string {
	var longest []porcupine.Operation
	for _, partial := range info.PartialLinearizationsOperations()[0] {
		if len(partial) > len(longest) {
			longest = partial
		}
	}
	placed := map[string]bool{}
	identity := func(o porcupine.Operation) string {
		r := o.Input.(call).record
		return fmt.Sprintf("%s %s %d %d %s", r.Client, r.Kind, r.Start, r.End, r.Value)
	}
	for _, o := range longest {
		placed[identity(o)] = true
	}
	var left []porcupine.Operation
	for _, o := range operations {
		if !placed[identity(o)] {
			left = append(left, o)
		}
	}
	sentence := fmt.Sprintf("%s: no order of its %d operations explains all their answers; the best explains %d", key, len(operations), len(longest))
	if len(left) == 0 {
		return sentence
	}
	first := slices.MinFunc(left, func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
	c := first.Input.(call)
	did := "found"
	if c.wrote {
		did = "wrote"
	}
	return fmt.Sprintf("%s, and has no place for the %s, which %s %q at revision %d", sentence, describe(c.record), did, c.value, c.revision)
}
