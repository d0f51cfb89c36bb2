package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// history has the records of all clients, and the final state.
type history struct {
	operations []Record
	watches    []*watchLog
	// final is nil if no final state was read.
	final *finalState
	// writers has each operation that wrote, or may have written, by its value.
	writers map[string]Record
	// sightings has the first sighting of each value.
	sightings map[string]sighting
	// conflicts are contradictions found while the above were collected.
	conflicts []string
}

// watchLog has the records of one watch, in the order in which its client received them.
type watchLog struct {
	client string
	prefix string
	from   int64
	events []Record
	gaps   []Record
	// closed is nil if the client was killed.
	closed *Record
}

type finalState struct {
	head Record
	keys map[string]Record
}

type sighting struct {
	key      string
	revision int64
	at       int64
	by       string
}

func newFinalState(records []Record) (*finalState, error) {
	if len(records) == 0 || records[0].Kind != kindFinal {
		return nil, errors.New("the final state: expected a file written by \"workload dump\"")
	}
	final := &finalState{head: records[0], keys: map[string]Record{}}
	for _, record := range records[1:] {
		final.keys[record.Key] = record
	}
	return final, nil
}

// newHistory makes a history of the records of each client's file, and the final state or nil.
func newHistory(files [][]Record, final *finalState) (*history, error) {
	h := &history{final: final, writers: map[string]Record{}, sightings: map[string]sighting{}}
	for _, records := range files {
		if err := h.addFile(records); err != nil {
			return nil, err
		}
	}
	if len(h.operations) == 0 {
		return nil, errors.New("there is not one operation in these files")
	}
	if final != nil {
		for _, record := range final.keys {
			h.see(record)
		}
		for _, record := range h.operations {
			if !strings.HasPrefix(record.Key, final.head.Key) {
				return nil, fmt.Errorf("key %q is not below %q, the prefix of the final state: give the prefix of the runs", record.Key, final.head.Key)
			}
		}
	}
	return h, nil
}

func (h *history) addFile(records []Record) error {
	var watch *watchLog
	for _, record := range records {
		if strings.HasPrefix(record.Kind, "watch-") && record.Kind != kindWatchOpen && watch == nil {
			return fmt.Errorf("%s by %s before its %s: the file's beginning is missing", record.Kind, record.Client, kindWatchOpen)
		}
		switch record.Kind {
		case kindPut, kindGet, kindCAS:
			h.operations = append(h.operations, record)
			h.addOperation(record)
		case kindWatchOpen:
			watch = &watchLog{client: record.Client, prefix: record.Key, from: record.Revision}
			h.watches = append(h.watches, watch)
		case kindWatchEvent:
			watch.events = append(watch.events, record)
			h.see(record)
		case kindWatchGap:
			watch.gaps = append(watch.gaps, record)
		case kindWatchClose:
			watch.closed = &record
		default:
			return fmt.Errorf("%q by %s: not a kind of record that \"workload run\" writes", record.Kind, record.Client)
		}
	}
	return nil
}

func (h *history) addOperation(record Record) {
	if record.Value != "" {
		if other, taken := h.writers[record.Value]; taken {
			h.conflict("value %q belongs to two operations, of %s and of %s: check the files together that belong to one run, each once",
				record.Value, other.Client, record.Client)
		}
		h.writers[record.Value] = record
	}
	// A successful swap has found no value; one of unknown outcome may have found one before it failed.
	if record.OK && !record.Swapped && record.Kind != kindPut {
		h.see(record)
	}
}

// see records a value at a revision, as shown by a read, a watch or the final state.
func (h *history) see(record Record) {
	if record.FoundRevision == 0 {
		return
	}
	seen := sighting{key: record.Key, revision: record.FoundRevision, at: record.End, by: record.Kind + " by " + record.Client}
	first, known := h.sightings[record.Found]
	if known && (first.key != seen.key || first.revision != seen.revision) {
		h.conflict("value %q was seen twice: in %s at revision %d (%s), and in %s at revision %d (%s). A write was applied twice, or the members disagree: compare `etcdctl endpoint hashkv`",
			record.Found, first.key, first.revision, first.by, seen.key, seen.revision, seen.by)
		return
	}
	if !known || seen.at < first.at {
		h.sightings[record.Found] = seen
	}
}

func (h *history) conflict(format string, args ...any) {
	h.conflicts = append(h.conflicts, fmt.Sprintf(format, args...))
}

// describe describes an operation so that it can be found in its client's file and in the members' journals.
func describe(r Record) string {
	return fmt.Sprintf("%s of %s by %s at %s", r.Kind, r.Key, r.Client, clock(r.Start))
}

func clock(ns int64) string {
	return time.Unix(0, ns).UTC().Format("15:04:05.000Z")
}
