package main

import (
	"context"
	"crypto/tls"
	"net"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"google.golang.org/grpc/credentials"
)

// freshCredentials rereads all files for each connection. etcd's TLSInfo and crypto/tls reread only the client's
// certificate: a client that kept the authority's certificate could not connect any more after the last stage of that
// authority's rotation.
type freshCredentials struct {
	// TransportCredentials are from the first reading of the files.
	credentials.TransportCredentials
	files transport.TLSInfo
	// certificate is the client's, if it is not to be reread.
	certificate *tls.Certificate
}

func newFreshCredentials(files transport.TLSInfo) (freshCredentials, error) {
	config, err := files.ClientConfig()
	if err != nil {
		return freshCredentials{}, err
	}
	return freshCredentials{TransportCredentials: credentials.NewTLS(config), files: files}, nil
}

func (f freshCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	config, err := f.files.ClientConfig()
	if err != nil {
		return nil, nil, err
	}
	if f.certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return f.certificate, nil }
	}
	return credentials.NewTLS(config).ClientHandshake(ctx, authority, raw)
}

func (f freshCredentials) Clone() credentials.TransportCredentials {
	f.TransportCredentials = f.TransportCredentials.Clone()
	return f
}

// withKeptCertificate is for a program that keeps its client certificate but rereads the authority's: an authority's
// rotation requires no more of clients before its last stage.
func withKeptCertificate(files transport.TLSInfo) (credentials.TransportCredentials, error) {
	fresh, err := newFreshCredentials(files)
	if err != nil {
		return nil, err
	}
	kept, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		return nil, err
	}
	fresh.certificate = &kept
	return fresh, nil
}
