// Command sockets loads the paths between members, by etcd's Go client or by plain TCP, and prints how long things took.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var commands = map[string]func(args []string) (any, error){
	"fill":         fill,
	"burst":        burst,
	"await":        await,
	"outage":       outage,
	"steady":       steady,
	"bulk-send":    bulkSend,
	"bulk-receive": bulkReceive,
	"thin-send":    thinSend,
	"thin-receive": thinReceive,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: sockets fill|burst|await|outage|steady|bulk-send|bulk-receive|thin-send|thin-receive [options]")
		os.Exit(2)
	}
	answer, err := commands[os.Args[1]](os.Args[2:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
