package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// sentencesPerCheck is how many violations of a check are printed; others are only counted.
const sentencesPerCheck = 10

// Outcomes of a check.
const (
	passed     = "passed"
	violated   = "violated"
	undecided  = "undecided"
	notChecked = "not checked"
)

// Verdict is the output of "check".
type Verdict struct {
	OK           bool    `json:"ok"`
	Operations   int     `json:"operations"`
	Acknowledged int     `json:"acknowledged"`
	Failed       int     `json:"failed"`
	Unknown      int     `json:"unknown"`
	Retried      int     `json:"retried"`
	Watches      int     `json:"watches"`
	WatchEvents  int     `json:"watchEvents"`
	Checks       []Check `json:"checks"`
}

// Check is the result of one check.
type Check struct {
	Name    string `json:"name"`
	Outcome string `json:"outcome"`
	// Count is the number of violations; Sentences has the first ones.
	Count     int      `json:"count"`
	Sentences []string `json:"sentences"`
}

func checkVerb(args []string) error {
	flags := flag.NewFlagSet("workload check", flag.ContinueOnError)
	connect := addConnectionFlags(flags)
	prefix := flags.String("prefix", "/workload/", "with -endpoints or -env: the prefix of the runs")
	finalFile := flags.String("final", "", "file written by \"workload dump\", instead of -endpoints")
	timeout := flags.Duration("timeout", 5*time.Minute, "for the search for a linear order, over all keys")
	drawings := flags.String("drawings", "", "directory for a drawing (HTML) of each key that is not linearizable")
	asJSON := flags.Bool("json", false, "the verdict as JSON on standard output, and for people on standard error")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("expected the files that \"workload run -out\" wrote")
	}
	if *finalFile != "" && connect.given() {
		return errors.New("-final and -endpoints or -env: expected at most one of them")
	}
	var files [][]Record
	for _, path := range flags.Args() {
		records, err := readRecords(path)
		if err != nil {
			return err
		}
		files = append(files, records)
	}
	final, err := finalStateFrom(*finalFile, connect, *prefix)
	if err != nil {
		return err
	}
	h, err := newHistory(files, final)
	if err != nil {
		return err
	}
	verdict, err := judge(h, *timeout, *drawings)
	if err != nil {
		return err
	}
	text := io.Writer(os.Stdout)
	if *asJSON {
		text = os.Stderr
		if err := json.NewEncoder(os.Stdout).Encode(verdict); err != nil {
			return err
		}
	}
	verdict.print(text)
	if !verdict.OK {
		return errViolated
	}
	return nil
}

func finalStateFrom(file string, connect connectionFlags, prefix string) (*finalState, error) {
	var records []Record
	var err error
	switch {
	case file != "":
		records, err = readRecords(file)
	case connect.given():
		var c connection
		if c, err = connect.connection(); err == nil {
			records, err = readFinal(c, prefix)
		}
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return newFinalState(records)
}

func judge(h *history, timeout time.Duration, drawings string) (Verdict, error) {
	v := Verdict{OK: true, Operations: len(h.operations), Watches: len(h.watches)}
	for _, r := range h.operations {
		switch {
		case r.OK:
			v.Acknowledged++
		case r.Unknown:
			v.Failed, v.Unknown = v.Failed+1, v.Unknown+1
		default:
			v.Failed++
		}
		if r.Attempts > 1 {
			v.Retried++
		}
	}
	for _, w := range h.watches {
		v.WatchEvents += len(w.events)
	}
	if h.final == nil {
		v.Checks = append(v.Checks, Check{Name: "final state", Outcome: notChecked, Sentences: []string{"give -endpoints, -env or -final"}})
	} else {
		v.add("final state", checkFinal(h))
	}
	v.add("values", checkOrigins(h))
	v.add("order of revisions", checkOrder(h))
	if len(h.watches) == 0 {
		v.Checks = append(v.Checks, Check{Name: "watches", Outcome: notChecked, Sentences: []string{"no client watched (-ops mixed does)"}})
	} else {
		v.add("watches", checkWatches(h))
	}
	violations, undecidedKeys, err := checkLinearizable(h, timeout, drawings)
	if err != nil {
		return v, err
	}
	v.add("linearizable", violations)
	if len(undecidedKeys) > 0 && len(violations) == 0 {
		v.OK = false
		v.Checks[len(v.Checks)-1] = Check{
			Name: "linearizable", Outcome: undecided, Count: len(undecidedKeys),
			Sentences: []string{fmt.Sprintf("%d keys, %s first, could not be decided within %v: give a longer -timeout, or run with more keys (-max-in-flight)",
				len(undecidedKeys), undecidedKeys[0], timeout)},
		}
	}
	return v, nil
}

func (v *Verdict) add(name string, violations []string) {
	check := Check{Name: name, Outcome: passed, Count: len(violations), Sentences: []string{}}
	if len(violations) > 0 {
		v.OK = false
		check.Outcome = violated
		check.Sentences = violations[:min(len(violations), sentencesPerCheck)]
	}
	v.Checks = append(v.Checks, check)
}

func (v Verdict) print(to io.Writer) {
	fmt.Fprintf(to, "%d operations: %d acknowledged, %d failed (%d of them writes of unknown outcome), %d took more than one attempt; %d watches, %d events\n",
		v.Operations, v.Acknowledged, v.Failed, v.Unknown, v.Retried, v.Watches, v.WatchEvents)
	for _, check := range v.Checks {
		fmt.Fprintf(to, "%-18s  %s\n", check.Name, check.Outcome)
		for _, sentence := range check.Sentences {
			fmt.Fprintf(to, "  - %s\n", sentence)
		}
		if hidden := check.Count - len(check.Sentences); check.Outcome == violated && hidden > 0 {
			fmt.Fprintf(to, "  - and %d more\n", hidden)
		}
	}
	if v.OK {
		fmt.Fprintln(to, "OK: nothing that was acknowledged is lost, and every answer is explained.")
	} else {
		fmt.Fprintln(to, "VIOLATED: see above.")
	}
}
