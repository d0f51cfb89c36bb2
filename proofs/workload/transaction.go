package main

import (
	"context"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// version is a key's value and its modification revision; revision 0 means that the key does not exist.
type version struct {
	value    string
	revision int64
}

func versionOf(kvs []*mvccpb.KeyValue) version {
	if len(kvs) == 0 {
		return version{}
	}
	return version{value: string(kvs[0].Value), revision: kvs[0].ModRevision}
}

// guardedPut writes if the key is at the expected revision, else reads the key.
func guardedPut(ctx context.Context, client *clientv3.Client, key string, expected int64, value string) (*clientv3.TxnResponse, error) {
	return client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(key), "=", expected)).
		Then(clientv3.OpPut(key, value)).
		Else(clientv3.OpGet(key)).
		Commit()
}

// foundIn is what a guardedPut that did not write found.
func foundIn(response *clientv3.TxnResponse) version {
	return versionOf(response.Responses[0].GetResponseRange().Kvs)
}

// readInto fills in the result of a linearizable read of the record's key.
func readInto(ctx context.Context, client *clientv3.Client, record *Record) error {
	response, err := client.Get(ctx, record.Key)
	if err != nil {
		return err
	}
	found := versionOf(response.Kvs)
	record.Found, record.FoundRevision, record.Revision = found.value, found.revision, response.Header.Revision
	return nil
}
