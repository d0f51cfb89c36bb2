package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Times in these histories are in milliseconds; the checks do not depend on the unit.

func put(client, key, value string, revision, start, end int64) Record {
	return Record{Client: client, Kind: kindPut, Key: key, Value: value, Revision: revision, Start: start, End: end, OK: true, Attempts: 1}
}

func get(client, key, found string, foundRevision, revision, start, end int64) Record {
	return Record{Client: client, Kind: kindGet, Key: key, Found: found, FoundRevision: foundRevision, Revision: revision, Start: start, End: end, OK: true, Attempts: 1}
}

func swap(client, key, value string, expected, revision, start, end int64) Record {
	return Record{Client: client, Kind: kindCAS, Key: key, Value: value, Expected: expected, Swapped: true, Revision: revision, Start: start, End: end, OK: true, Attempts: 1}
}

func refusedSwap(client, key, value string, expected int64, found string, foundRevision, revision, start, end int64) Record {
	r := swap(client, key, value, expected, revision, start, end)
	r.Swapped, r.Found, r.FoundRevision = false, found, foundRevision
	return r
}

func unknown(r Record) Record {
	r.OK, r.Unknown, r.Revision, r.Swapped, r.Error = false, true, 0, false, "timeout"
	return r
}

func refused(r Record) Record {
	r = unknown(r)
	r.Unknown, r.Error = false, "etcdserver: too many requests"
	return r
}

func watchOpen(client string, from int64) Record {
	return Record{Client: client, Kind: kindWatchOpen, Key: "/p/", Revision: from, OK: true}
}

func event(client, key, value string, revision, at int64) Record {
	return Record{Client: client, Kind: kindWatchEvent, Key: key, Found: value, FoundRevision: revision, End: at, OK: true}
}

func watchClose(client string, revision int64) Record {
	return Record{Client: client, Kind: kindWatchClose, Key: "/p/", Revision: revision, OK: true}
}

// finally is a dump of the final state at time 1000.
func finally(revision int64, kvs ...Record) []Record {
	head := Record{Client: finalClient, Kind: kindFinal, Key: "/p/", Revision: revision, Start: 1000, End: 1001, OK: true}
	records := []Record{head}
	for _, kv := range kvs {
		kv.Client, kv.Kind, kv.Start, kv.End, kv.OK = finalClient, kindFinalKey, head.Start, head.End, true
		records = append(records, kv)
	}
	return records
}

func holds(key, value string, revision int64) Record {
	return Record{Key: key, Found: value, FoundRevision: revision}
}

func verdictOf(t *testing.T, final []Record, files ...[]Record) Verdict {
	t.Helper()
	var state *finalState
	if final != nil {
		var err error
		if state, err = newFinalState(final); err != nil {
			t.Fatal(err)
		}
	}
	h, err := newHistory(files, state)
	if err != nil {
		t.Fatal(err)
	}
	v, err := judge(h, time.Minute, "")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sound is two writes one after the other, seen by a watch and a read: each violation below is a change of this history.
func sound() []Record {
	return []Record{
		watchOpen("c", 5),
		put("c", "/p/k", "c-1", 5, 10, 20),
		event("c", "/p/k", "c-1", 5, 21),
		put("c", "/p/k", "c-2", 6, 30, 40),
		event("c", "/p/k", "c-2", 6, 41),
		get("c", "/p/k", "c-2", 6, 6, 50, 60),
		watchClose("c", 6),
	}
}

func without(records []Record, index int) []Record {
	return append(append([]Record{}, records[:index]...), records[index+1:]...)
}

func replaced(records []Record, index int, with ...Record) []Record {
	return append(append(append([]Record{}, records[:index]...), with...), records[index+1:]...)
}

func TestVerdict(t *testing.T) {
	finalState := finally(6, holds("/p/k", "c-2", 6))
	cases := []struct {
		name    string
		final   []Record
		records []Record
		// violated is the check that must fail, and sentence a part of its message; empty for a history that must pass.
		violated, sentence string
	}{
		{name: "a sound history", final: finalState, records: sound()},
		{name: "a sound history without its final state", records: sound()},

		{
			name: "a write whose key is gone", final: finally(6), records: sound(),
			violated: "final state", sentence: "lost: put of /p/k by c",
		},
		{
			name: "a write that an older one has outlived", final: finally(6, holds("/p/k", "c-1", 5)), records: sound(),
			violated: "final state", sentence: `lost: put of /p/k by c at 00:00:00.000Z was acknowledged at revision 6, but the key has "c-1" of the older revision 5`,
		},
		{
			name: "a write whose revision has another value", final: finally(6, holds("/p/k", "x", 6)), records: sound(),
			violated: "final state", sentence: "History was rewritten",
		},
		{
			name: "a value that nobody wrote", final: finally(7, holds("/p/k", "x", 7)), records: sound(),
			violated: "values", sentence: "which no operation in these files wrote",
		},
		{
			name: "a key of an earlier run", final: finally(6, holds("/p/k", "c-2", 6), holds("/p/old", "x", 3)), records: sound(),
		},
		{
			name:    "a write applied twice",
			records: replaced(sound(), 5, get("c", "/p/k", "c-1", 7, 7, 50, 60)), violated: "values", sentence: "applied twice",
		},
		{
			name:    "two writes at one revision",
			records: append(sound(), put("c", "/p/l", "c-3", 6, 30, 40)), violated: "values", sentence: "both acknowledged at revision 6",
		},
		{
			name:    "a refused write that took effect",
			records: replaced(sound(), 3, refused(put("c", "/p/k", "c-2", 6, 30, 40))), violated: "values", sentence: "took effect all the same",
		},
		{
			name:     "a swap that said no and took effect",
			records:  replaced(sound(), 3, refusedSwap("c", "/p/k", "c-2", 4, "c-1", 5, 5, 30, 40)),
			violated: "values", sentence: "had not swapped, and took effect",
		},

		{
			name: "a watch that missed a revision", records: without(sound(), 2),
			violated: "watches", sentence: "revision 5 is missing (/p/k: put of /p/k by c",
		},
		{
			name: "a watch that missed the last revision", records: without(sound(), 4),
			violated: "watches", sentence: "revision 6 is missing",
		},
		{
			name: "a watch that showed a revision twice", records: replaced(sound(), 4, event("c", "/p/k", "c-2", 6, 41), event("c", "/p/k", "c-2", 6, 42)),
			violated: "watches", sentence: "revision 6 (/p/k) came twice",
		},
		{
			name:     "a watch out of order",
			records:  replaced(without(sound(), 2), 3, event("c", "/p/k", "c-2", 6, 41), event("c", "/p/k", "c-1", 5, 42)),
			violated: "watches", sentence: "revision 5 (/p/k) came after 6",
		},
		{
			name: "a watch with another value", records: replaced(sound(), 4, event("c", "/p/k", "x", 6, 41)),
			violated: "watches", sentence: `revision 6 was shown as "x"`,
		},
		{
			name: "a watch that began too early", records: replaced(sound(), 0, watchOpen("c", 6)),
			violated: "watches", sentence: "although it began at 6",
		},
		{
			name:     "a watch that was compacted away",
			records:  replaced(sound(), 2, Record{Client: "c", Kind: kindWatchGap, Key: "/p/", Expected: 5, Revision: 6}),
			violated: "watches", sentence: "revisions 5 to 5 were compacted",
		},
		{
			name: "a watch that did not catch up", records: replaced(without(sound(), 4), 5, Record{Client: "c", Kind: kindWatchClose, Key: "/p/", Revision: 6}),
			violated: "watches", sentence: "it had shown revisions up to 5 when the run ended",
		},
		{name: "a watch whose client was killed", records: without(without(sound(), 6), 4)},
		{
			name: "an event that only another client's watch saw", records: append(sound(),
				watchOpen("d", 5), event("d", "/p/k", "c-2", 6, 41), watchClose("d", 6)),
			violated: "watches", sentence: "watch of d: revision 5 is missing",
		},

		{
			name: "a read of the past", records: append(sound(), get("d", "/p/k", "c-1", 5, 5, 50, 60)),
			violated: "linearizable", sentence: `/p/k: no order of its 4 operations explains all their answers; the best explains 3, and has no place for the get of /p/k by d`,
		},
		{
			name: "a read of the past that says so by its revision alone", records: append(sound(), get("d", "/p/other", "", 0, 5, 50, 60)),
			violated: "order of revisions", sentence: "was answered at revision 5 after",
		},
		{name: "a read that overlaps with a write may see either", records: append(sound(), get("d", "/p/k", "c-1", 5, 5, 25, 60))},
		{
			name: "two swaps from the same revision", records: append(sound(),
				swap("c", "/p/s", "c-3", 0, 7, 70, 80), event("c", "/p/s", "c-3", 7, 81),
				swap("d", "/p/s", "d-1", 0, 8, 75, 85), event("c", "/p/s", "d-1", 8, 86)),
			violated: "linearizable", sentence: "/p/s: no order",
		},
		{
			name: "a swap that lost", records: append(sound(),
				swap("c", "/p/s", "c-3", 0, 7, 70, 80), event("c", "/p/s", "c-3", 7, 81),
				refusedSwap("d", "/p/s", "d-1", 0, "c-3", 7, 7, 75, 85)),
		},
		{
			name: "a swap that was refused although nobody was there before it", records: append(sound(),
				refusedSwap("d", "/p/k", "d-1", 6, "c-2", 6, 6, 75, 85)),
			violated: "linearizable", sentence: "/p/k: no order",
		},

		{
			name: "an unknown write that never came", final: finalState,
			records: append(sound(), unknown(put("c", "/p/k", "c-3", 0, 70, 80))),
		},
		{
			name: "an unknown write that came, much later", final: finally(7, holds("/p/k", "c-3", 7)),
			records: append(sound(), unknown(put("c", "/p/k", "c-3", 0, 70, 80)), get("d", "/p/k", "c-2", 6, 6, 500, 510)),
		},
		{
			name: "an unknown write that came and was undone", final: finally(7, holds("/p/k", "c-3", 7)),
			records: append(sound(), unknown(put("c", "/p/k", "c-3", 0, 70, 80)),
				get("d", "/p/k", "c-3", 7, 7, 100, 110), get("d", "/p/k", "c-2", 6, 7, 500, 510)),
			violated: "linearizable", sentence: "/p/k: no order",
		},
		{
			name: "an unknown swap that came", final: finally(7, holds("/p/k", "d-1", 7)),
			records: append(sound(), unknown(swap("d", "/p/k", "d-1", 6, 0, 70, 80)), get("c", "/p/k", "d-1", 7, 7, 100, 110)),
		},
		{
			name: "an unknown swap that came although it must not", final: finally(7, holds("/p/k", "d-1", 7)),
			records:  append(sound(), unknown(swap("d", "/p/k", "d-1", 5, 0, 70, 80)), get("c", "/p/k", "d-1", 7, 7, 100, 110)),
			violated: "linearizable", sentence: "/p/k: no order",
		},
		{
			name:     "an unknown write that was seen before it began",
			records:  append(sound(), get("d", "/p/k", "c-3", 7, 7, 61, 65), unknown(put("c", "/p/k", "c-3", 0, 70, 80))),
			violated: "linearizable", sentence: "/p/k: no order",
		},
		{
			name: "a failed read says nothing", final: finalState,
			records: append(sound(), Record{Client: "d", Kind: kindGet, Key: "/p/k", Start: 70, End: 80, Error: "timeout"}),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := verdictOf(t, c.final, c.records)
			if v.OK != (c.violated == "") {
				t.Errorf("ok is %v; checks: %+v", v.OK, v.Checks)
			}
			for _, check := range v.Checks {
				if check.Name == c.violated {
					if said := strings.Join(check.Sentences, "\n"); check.Outcome != violated || !strings.Contains(said, c.sentence) {
						t.Errorf("%s: %s\n%s\nexpected: ...%s...", check.Name, check.Outcome, said, c.sentence)
					}
				} else if c.violated == "" && check.Outcome == violated {
					t.Errorf("%s: %v", check.Name, check.Sentences)
				}
			}
		})
	}
}

// Twenty writes of unknown outcome on one key, ten of them applied, with reads in between: a search that took all of them
// for open-ended would try millions of orders.
func TestManyUnknownWritesAreDecidedQuickly(t *testing.T) {
	var records []Record
	for i := range int64(20) {
		records = append(records, unknown(put("c", "/p/k", fmt.Sprint("c-", i), 0, 10*i, 10*i+5)))
		if i%2 == 0 {
			records = append(records, get("d", "/p/k", fmt.Sprint("c-", i), 5+i, 5+i, 1000+10*i, 1005+10*i))
		}
	}
	begun := time.Now()
	if v := verdictOf(t, nil, records); !v.OK {
		t.Errorf("%+v", v.Checks)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

// As after an outage, when all waiting operations are answered at once.
func TestHundredsOfCallsAtOnceAreDecidedQuickly(t *testing.T) {
	var records []Record
	for i := range int64(30) {
		value := fmt.Sprint("c-", i)
		for j := range int64(10) {
			records = append(records, get(fmt.Sprint("d", j), "/p/k", value, i+1, i+1, 30*j+i, 2000+j))
		}
		records = append(records, put("c", "/p/k", value, i+1, 29-i, 2000+i))
	}
	begun := time.Now()
	if v := verdictOf(t, nil, records); !v.OK {
		t.Errorf("%+v", v.Checks)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestHistoriesThatCannotBeJudged(t *testing.T) {
	final, err := newFinalState(finally(1))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name     string
		records  []Record
		sentence string
	}{
		{"nothing in it", nil, "not one operation"},
		{"another prefix", []Record{put("c", "/q/k", "c-1", 1, 1, 2)}, `not below "/p/"`},
		{"a watch without its beginning", []Record{event("c", "/p/k", "c-1", 1, 1)}, "the file's beginning is missing"},
		{"something else", []Record{{Client: "c", Kind: "delete"}}, "not a kind of record"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := newHistory([][]Record{c.records}, final); err == nil || !strings.Contains(err.Error(), c.sentence) {
				t.Errorf("got %v, expected: ...%s...", err, c.sentence)
			}
		})
	}
}
