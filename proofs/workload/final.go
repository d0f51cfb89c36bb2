package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// finalRead bounds the read of the final state, including a fail-over.
const finalRead = 30 * time.Second

// finalClient is the client's name in the records of a dump.
const finalClient = "final read"

// dumpVerb writes the final state to a file, for a later check.
func dumpVerb(args []string) error {
	flags := flag.NewFlagSet("workload dump", flag.ContinueOnError)
	connect := addConnectionFlags(flags)
	prefix := flags.String("prefix", "/workload/", "prefix of the keys to dump")
	out := flags.String("out", "", "file for the dump")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := connect.connection()
	if err != nil {
		return err
	}
	if *out == "" {
		return errors.New("-out: expected a file for the dump")
	}
	records, err := readFinal(c, *prefix)
	if err != nil {
		return err
	}
	file, err := newRecorder(*out)
	if err != nil {
		return err
	}
	for _, record := range records {
		file.add(record)
	}
	return file.close()
}

// readFinal reads all keys below the prefix, linearizably: a record of kindFinal, then one of kindFinalKey for each key.
func readFinal(c connection, prefix string) ([]Record, error) {
	client, err := c.client(c.endpoints...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), finalRead)
	defer cancel()
	head := Record{Client: finalClient, Kind: kindFinal, Key: prefix, Start: time.Now().UnixNano(), OK: true}
	response, err := client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("cannot read the final state within %v: %w", finalRead, err)
	}
	head.Revision, head.End = response.Header.Revision, time.Now().UnixNano()
	records := []Record{head}
	for _, kv := range response.Kvs {
		record := head
		record.Kind, record.Key = kindFinalKey, string(kv.Key)
		record.Found, record.FoundRevision = string(kv.Value), kv.ModRevision
		records = append(records, record)
	}
	return records, nil
}
