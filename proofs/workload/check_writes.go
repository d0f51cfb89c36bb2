package main

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// checkFinal finds acknowledged writes that are missing from the final state. If a key was written again later, the final
// revision must be newer; that the earlier write was there before is checked by watches and reads.
func checkFinal(h *history) []string {
	var violations []string
	for _, write := range h.operations {
		if !write.OK || !write.isWrite() {
			continue
		}
		last, there := h.final.keys[write.Key]
		switch {
		case !there:
			violations = append(violations, fmt.Sprintf("lost: %s was acknowledged at revision %d, and the key is not there at revision %d. Nothing deletes keys in a run: look for a member that was restored or started with old data",
				describe(write), write.Revision, h.final.head.Revision))
		case last.FoundRevision < write.Revision:
			violations = append(violations, fmt.Sprintf("lost: %s was acknowledged at revision %d, but the key has %q of the older revision %d. Look for a member that was restored or started with old data",
				describe(write), write.Revision, last.Found, last.FoundRevision))
		case last.FoundRevision == write.Revision && last.Found != write.Value:
			violations = append(violations, fmt.Sprintf("lost: %s was acknowledged at revision %d with %q, but that revision has %q. History was rewritten: look for a forced new cluster or a restore",
				describe(write), write.Revision, write.Value, last.Found))
		}
	}
	return violations
}

// checkOrigins compares seen values with written ones.
func checkOrigins(h *history) []string {
	violations := slices.Clone(h.conflicts)
	first := int64(math.MaxInt64)
	revisions := map[int64]Record{}
	for _, write := range h.operations {
		if !write.OK || !write.isWrite() {
			continue
		}
		first = min(first, write.Revision)
		if other, taken := revisions[write.Revision]; taken {
			violations = append(violations, fmt.Sprintf("%s and %s were both acknowledged at revision %d. Two members lead, or history was rewritten",
				describe(other), describe(write), write.Revision))
		}
		revisions[write.Revision] = write
		if seen, known := h.sightings[write.Value]; known && seen.revision != write.Revision {
			violations = append(violations, fmt.Sprintf("%s was acknowledged at revision %d, but %s saw its value at %d",
				describe(write), write.Revision, seen.by, seen.revision))
		}
	}
	for value, seen := range h.sightings {
		write, known := h.writers[value]
		switch {
		case !known && seen.revision >= first:
			violations = append(violations, fmt.Sprintf("%s saw %q in %s at revision %d, which no operation in these files wrote. Give the files of all clients with this prefix; one that was killed may have left a write out",
				seen.by, value, seen.key, seen.revision))
		case known && write.Key != seen.key:
			violations = append(violations, fmt.Sprintf("%s saw in %s the value of %s", seen.by, seen.key, describe(write)))
		case known && !write.isWrite():
			violations = append(violations, fmt.Sprintf("%s was answered that it had not swapped, and took effect all the same: %s saw its value at revision %d",
				describe(write), seen.by, seen.revision))
		case known && !write.OK && !write.Unknown:
			violations = append(violations, fmt.Sprintf("%s was refused (%s) and took effect all the same: %s saw its value at revision %d",
				describe(write), write.Error, seen.by, seen.revision))
		}
	}
	sort.Strings(violations)
	return violations
}

// checkOrder finds operations that ended before another started but come after it in the store's history. Unlike the
// check of linearizability by key, this one is across keys, as revisions are ordered for the whole store.
func checkOrder(h *history) []string {
	var byStart, byEnd []Record
	for _, record := range h.operations {
		if record.OK {
			byStart = append(byStart, record)
		}
	}
	byEnd = slices.Clone(byStart)
	sort.Slice(byStart, func(i, j int) bool { return byStart[i].Start < byStart[j].Start })
	sort.Slice(byEnd, func(i, j int) bool { return byEnd[i].End < byEnd[j].End })
	var violations []string
	var newest Record
	ended := 0
	for _, record := range byStart {
		for ended < len(byEnd) && byEnd[ended].End < record.Start {
			if byEnd[ended].Revision > newest.Revision {
				newest = byEnd[ended]
			}
			ended++
		}
		if record.Revision < newest.Revision || record.isWrite() && record.Revision == newest.Revision {
			violations = append(violations, fmt.Sprintf("%s was answered at revision %d after %s had ended at revision %d. A member answered from the past: compare `etcdctl endpoint status` of %s with the others",
				describe(record), record.Revision, describe(newest), newest.Revision, orAny(record.Endpoint)))
		}
	}
	return violations
}

func orAny(endpoint string) string {
	if endpoint == "" {
		return "each member"
	}
	return endpoint
}
