package main

import (
	"sort"
	"sync"
	"time"
)

// Summary is the output of a run at its end. Times are from when an operation was due, and include failed operations: a
// write that hangs until its deadline is the worst stall.
type Summary struct {
	Client  string  `json:"client"`
	Mode    string  `json:"mode"`
	Seconds float64 `json:"seconds"`
	Counts
	Kinds map[string]Counts `json:"kinds"`
}

// Counts are of all operations, or of one kind.
type Counts struct {
	Count  int `json:"count"`
	Failed int `json:"failed"`
	// Unknown is the number of failed writes that may have been applied nevertheless.
	Unknown int `json:"unknown"`
	// Retried is the number of operations with more than one attempt.
	Retried  int     `json:"retried"`
	MedianMs float64 `json:"medianMs"`
	P99Ms    float64 `json:"p99Ms"`
	MaxMs    float64 `json:"maxMs"`
}

type tally struct {
	mu     sync.Mutex
	client string
	mode   string
	kinds  map[string][]Record
}

func newTally(options runOptions) *tally {
	mode := "naive"
	if options.recommended {
		mode = "recommended"
	}
	return &tally{client: options.name, mode: mode, kinds: map[string][]Record{}}
}

func (t *tally) add(record Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kinds[record.Kind] = append(t.kinds[record.Kind], record)
}

func (t *tally) summary(took time.Duration) Summary {
	s := Summary{Client: t.client, Mode: t.mode, Seconds: took.Seconds(), Kinds: map[string]Counts{}}
	var all []Record
	for kind, records := range t.kinds {
		s.Kinds[kind] = countsOf(records)
		all = append(all, records...)
	}
	s.Counts = countsOf(all)
	return s
}

func countsOf(records []Record) Counts {
	counts := Counts{Count: len(records)}
	if len(records) == 0 {
		return counts
	}
	took := make([]float64, 0, len(records))
	for _, r := range records {
		if !r.OK {
			counts.Failed++
		}
		if r.Unknown {
			counts.Unknown++
		}
		if r.Attempts > 1 {
			counts.Retried++
		}
		took = append(took, float64(r.End-r.Due)/float64(time.Millisecond))
	}
	sort.Float64s(took)
	counts.MedianMs = took[len(took)/2]
	counts.P99Ms = took[len(took)*99/100]
	counts.MaxMs = took[len(took)-1]
	return counts
}
