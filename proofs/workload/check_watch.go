package main

import (
	"fmt"
	"sort"
	"strings"
)

// change is a known change at a revision, and how it is known.
type change struct {
	key, value string
	from       string
}

// knownChanges has acknowledged writes and everything that was seen, by revision. An operation of this workload changes
// one key, so each revision has one change.
func knownChanges(h *history) map[int64]change {
	changes := map[int64]change{}
	for value, seen := range h.sightings {
		changes[seen.revision] = change{key: seen.key, value: value, from: "seen by " + seen.by}
	}
	for _, write := range h.operations {
		if write.OK && write.isWrite() {
			changes[write.Revision] = change{key: write.Key, value: write.Value, from: describe(write) + ", acknowledged"}
		}
	}
	return changes
}

// checkWatches finds changes that a watch did not show, showed twice, out of order or with wrong values.
func checkWatches(h *history) []string {
	changes := knownChanges(h)
	revisions := make([]int64, 0, len(changes))
	for revision := range changes {
		revisions = append(revisions, revision)
	}
	sort.Slice(revisions, func(i, j int) bool { return revisions[i] < revisions[j] })
	var violations []string
	for _, watch := range h.watches {
		violations = append(violations, watch.checkEvents(changes)...)
		violations = append(violations, watch.checkComplete(changes, revisions)...)
	}
	return violations
}

// checkEvents compares each event with known changes and with the event before it.
func (w *watchLog) checkEvents(changes map[int64]change) []string {
	var violations []string
	report := func(format string, args ...any) {
		violations = append(violations, fmt.Sprintf("watch of %s: ", w.client)+fmt.Sprintf(format, args...))
	}
	seen := map[int64]bool{}
	previous := w.from - 1
	for _, event := range w.events {
		revision := event.FoundRevision
		switch known := changes[revision]; {
		case seen[revision]:
			report("revision %d (%s) came twice, the second time at %s", revision, event.Key, clock(event.End))
		case revision < w.from:
			report("revision %d (%s) came, although it began at %d", revision, event.Key, w.from)
		case revision < previous:
			report("revision %d (%s) came after %d, at %s: out of order", revision, event.Key, previous, clock(event.End))
		case known.key != event.Key || known.value != event.Found:
			report("revision %d was shown as %q in %s, but is %q in %s (%s). The members disagree: compare `etcdctl endpoint hashkv`",
				revision, event.Found, event.Key, known.value, known.key, known.from)
		}
		seen[revision] = true
		previous = max(previous, revision)
	}
	return violations
}

// checkComplete finds known changes that the watch did not show. The watch of a killed client is checked up to its last
// event.
func (w *watchLog) checkComplete(changes map[int64]change, revisions []int64) []string {
	var violations []string
	shown := map[int64]bool{}
	to := w.from - 1
	for _, event := range w.events {
		shown[event.FoundRevision] = true
		to = max(to, event.FoundRevision)
	}
	for _, gap := range w.gaps {
		violations = append(violations, fmt.Sprintf("watch of %s: revisions %d to %d were compacted before it had shown them. It was cut off for longer than the compaction's retention: keep more, or look at why it could not resume",
			w.client, gap.Expected, gap.Revision-1))
	}
	if w.closed != nil {
		if w.closed.OK {
			to = max(to, w.closed.Revision)
		} else {
			violations = append(violations, fmt.Sprintf("watch of %s: it had shown revisions up to %d when the run ended, and did not reach %d within %v. Was the client still cut off at the end?",
				w.client, to, w.closed.Revision, watchCatchUp))
		}
	}
	for _, revision := range revisions {
		known := changes[revision]
		if revision < w.from || revision > to || shown[revision] || !strings.HasPrefix(known.key, w.prefix) || w.skipped(revision) {
			continue
		}
		violations = append(violations, fmt.Sprintf("watch of %s: revision %d is missing (%s: %s)", w.client, revision, known.key, known.from))
	}
	return violations
}

func (w *watchLog) skipped(revision int64) bool {
	for _, gap := range w.gaps {
		if gap.Expected <= revision && revision < gap.Revision {
			return true
		}
	}
	return false
}
