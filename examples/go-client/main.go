// Sets a key in etcd from anywhere on earth, once, whatever happens to the leader meanwhile.
//
//	. etcd-access/billing/etcd.env && go run . /greeting hello
//
// All settings come from that file, which the library wrote: endpoints nearest first, and time limits that fit the distance.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: go-client KEY VALUE")
	}
	key, value := os.Args[1], os.Args[2]
	settings, err := settingsFromEnvironment()
	if err != nil {
		log.Fatal(err)
	}
	store, err := newStore(settings)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	// This program is done before the first look; one that stays needs it.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go store.Follow(ctx)

	before, err := store.Get(ctx, key)
	if err != nil {
		log.Fatal(err)
	}
	written, err := store.PutIfUnchanged(ctx, before, value)
	switch {
	case err != nil:
		log.Fatal(err)
	case !written:
		log.Fatalf("%s was changed by somebody else since it was %q: read it again and decide", key, before.Value)
	}
	fmt.Printf("%s: %q, before %q\n", key, value, before.Value)
}
