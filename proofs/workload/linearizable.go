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

// keyState is the state of one key in the model, a single server that never fails.
type keyState struct {
	version
	// known is false at first, as an earlier run may have written the key.
	known bool
	// reads is how many reads have found this version.
	reads int
}

// call is one operation with its answer, for the model. Its version is, for a write, what it wrote and its revision; for
// a read or a swap that did not write, what it found.
type call struct {
	kind     string
	wrote    bool
	expected int64
	// previous is the revision of the write before this operation, 0 if there is none. For a write, found is how many
	// reads found what that previous one wrote.
	previous int64
	found    int
	version
	record Record
}

// model decides quickly; explaining finds the better explanation of a violation.
//
// Revisions only grow. So in any valid order, each write follows the previous one by revision and all reads of that one's
// value. model requires this, which spares the search all other orders: with hundreds of concurrent calls, as while a
// member restarts, it would not end. But if there is no valid order, model blames the write, and not the stale read that
// it had to wait for.
var model, explaining = modelOf(true), modelOf(false)

func modelOf(inTurnOnly bool) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return keyState{} },
		Step: func(state, input, _ any) (bool, any) {
			current, c := state.(keyState), input.(call)
			after := keyState{version: c.version, known: true}
			inTurn := c.revision > current.revision
			if inTurnOnly {
				inTurn = inTurn && (current.revision == c.previous || c.previous == 0) && current.reads == c.found
				if !c.wrote {
					after.reads = current.reads + 1
				}
			}
			switch {
			case !current.known:
				return !inTurnOnly || c.previous == 0 && c.found == 0, after
			case c.kind == kindCAS && c.wrote:
				return inTurn && current.revision == c.expected, after
			case c.wrote:
				return inTurn, after
			case c.kind == kindCAS && current.revision == c.expected:
				return false, current
			default:
				return c.version == current.version, after
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
}

// callsByKey prepares the history by key. A write of unknown outcome may take effect at any time from its start, so it
// has no end. Two facts narrow this without changing the verdict: a value that was seen had been written by then; and one
// that was never seen can be left out, as its write can only have been overwritten unseen.
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
	for _, operations := range keys {
		chain(operations)
	}
	return keys
}

// chain sets, for each operation on a key, the write before it and, for each write, how many reads found that one.
func chain(operations []porcupine.Operation) {
	byRevision := make([]*porcupine.Operation, 0, len(operations))
	for i := range operations {
		byRevision = append(byRevision, &operations[i])
	}
	slices.SortStableFunc(byRevision, func(a, b *porcupine.Operation) int {
		first, second := a.Input.(call), b.Input.(call)
		if order := cmp.Compare(first.revision, second.revision); order != 0 || first.wrote == second.wrote {
			return order
		}
		if first.wrote {
			return -1
		}
		return 1
	})
	var previous int64
	found := 0
	for _, operation := range byRevision {
		c := operation.Input.(call)
		c.previous = previous
		if c.wrote {
			c.found, found = found, 0
			previous = c.revision
		} else {
			found++
		}
		operation.Input = c
	}
}

// checkLinearizable runs porcupine for each key: linearizability is a local property, so a history is linearizable if
// that of each key is. It returns the violations, and the keys that could not be decided in time.
func checkLinearizable(h *history, timeout time.Duration, drawings string) (violations, undecided []string, err error) {
	deadline := time.Now().Add(timeout)
	// Porcupine takes 0 for no limit.
	left := func() time.Duration { return max(time.Until(deadline), time.Millisecond) }
	keys := callsByKey(h)
	names := make([]string, 0, len(keys))
	for key := range keys {
		names = append(names, key)
	}
	slices.Sort(names)
	for _, key := range names {
		result, info := porcupine.CheckOperationsVerbose(model, keys[key], left())
		if result == porcupine.Illegal {
			if again, better := porcupine.CheckOperationsVerbose(explaining, keys[key], left()); again == porcupine.Illegal {
				info = better
			}
		}
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

// explain describes the first operation that fits into no valid order.
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
