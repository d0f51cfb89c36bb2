package main

import (
	"context"
	"net"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"google.golang.org/grpc/credentials"
)

// freshCredentials reads all certificates anew for each connection: the client's are renewed, and the authority's is
// another one after its rotation. etcd's TLSInfo by itself does so with the client's only.
type freshCredentials struct {
	credentials.TransportCredentials // of the files as they were first
	files                            transport.TLSInfo
}

func newFreshCredentials(files transport.TLSInfo) (credentials.TransportCredentials, error) {
	config, err := files.ClientConfig()
	if err != nil {
		return nil, err
	}
	return freshCredentials{credentials.NewTLS(config), files}, nil
}

func (f freshCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	config, err := f.files.ClientConfig()
	if err != nil {
		return nil, nil, err
	}
	return credentials.NewTLS(config).ClientHandshake(ctx, authority, raw)
}

func (f freshCredentials) Clone() credentials.TransportCredentials {
	return freshCredentials{f.TransportCredentials.Clone(), f.files}
}
