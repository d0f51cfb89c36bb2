// Command workload is a client of etcd that records every operation with its start and its end, and the checker of such
// records: no write lost, watches complete and in order, the history linearizable.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `usage:
  workload run   -endpoints URL,URL,... -name NAME -out FILE [flags]   writes (and reads, swaps, watches) and records it
  workload dump  -endpoints URL,URL,... -prefix PREFIX -out FILE       reads the final state, for "check -final"
  workload observe -endpoints URL,URL,... -out FILE                    records who leads and which voters are in service
  workload check [-endpoints URL,... | -env FILE | -final FILE] [flags] FILE...    judges what was recorded
"workload VERB -h" lists the flags.
`

// errViolated ends the program with status 1; the verdict has been printed already.
var errViolated = errors.New("violated")

var verbs = map[string]func(args []string) error{"run": runVerb, "dump": dumpVerb, "observe": observeVerb, "check": checkVerb}

func main() {
	if len(os.Args) < 2 || verbs[os.Args[1]] == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	err := verbs[os.Args[1]](os.Args[2:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errViolated):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}
