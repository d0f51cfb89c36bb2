package main

import (
	"context"
	"crypto/tls"
	"net"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"google.golang.org/grpc/credentials"
)

// freshCredentials reads the files anew for each connection. Of themselves etcd's TLSInfo and crypto/tls do so with the
// client's certificate only: a client that holds on to the authority's certificate could reach no member any more after the
// last stage of that authority's rotation.
type freshCredentials struct {
	// TransportCredentials are of the files as they were first.
	credentials.TransportCredentials
	files transport.TLSInfo
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

// newKeptCredentials stay what the files hold now: the certificates of a program that reads them once.
func newKeptCredentials(files transport.TLSInfo) (credentials.TransportCredentials, error) {
	config, err := files.ClientConfig()
	if err != nil {
		return nil, err
	}
	if config.GetClientCertificate != nil {
		kept, err := config.GetClientCertificate(nil)
		if err != nil {
			return nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return kept, nil }
	}
	return credentials.NewTLS(config), nil
}
