package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"google.golang.org/grpc/credentials"
)

// authority signs certificates for 127.0.0.1, and for clients.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key}
}

func (a authority) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// lay writes a client's files: the trusted authority and the client's certificate and key.
func lay(t *testing.T, files transport.TLSInfo, trusted authority, own tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalECPrivateKey(own.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		files.TrustedCAFile: {Type: "CERTIFICATE", Bytes: trusted.certificate.Raw},
		files.CertFile:      {Type: "CERTIFICATE", Bytes: own.Certificate[0]},
		files.KeyFile:       {Type: "EC PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// handshake connects to a server with this certificate, and returns the name in the client's.
func handshake(t *testing.T, client credentials.TransportCredentials, server tls.Certificate) (string, error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAnyClientCert, NextProtos: []string{"h2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	name := make(chan string, 1)
	go func() {
		defer close(name)
		accepted, err := listener.Accept()
		if err != nil {
			return
		}
		defer accepted.Close()
		connection := accepted.(*tls.Conn)
		if connection.Handshake() == nil {
			name <- connection.ConnectionState().PeerCertificates[0].Subject.CommonName
		}
	}()
	raw, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, _, err := client.ClientHandshake(context.Background(), listener.Addr().String(), raw); err != nil {
		return "", err
	}
	return <-name, nil
}

func testFiles(t *testing.T) transport.TLSInfo {
	dir := t.TempDir()
	return transport.TLSInfo{
		TrustedCAFile: filepath.Join(dir, "ca.crt"), CertFile: filepath.Join(dir, "client.crt"), KeyFile: filepath.Join(dir, "client.key"),
	}
}

func TestCertificatesAreReadForEachConnection(t *testing.T) {
	files, old, next := testFiles(t), newAuthority(t, "old"), newAuthority(t, "new")
	lay(t, files, old, old.sign(t, "first"))
	fresh, err := newFreshCredentials(files)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := withKeptCertificate(files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := handshake(t, fresh, next.sign(t, "server")); err == nil {
		t.Error("a server of an authority that is not trusted was accepted")
	}

	lay(t, files, next, next.sign(t, "second"))
	for _, one := range []struct {
		name   string
		client credentials.TransportCredentials
		shows  string
	}{
		{"fresh", fresh, "second"}, {"a clone of fresh", fresh.Clone(), "second"},
		{"kept", kept, "first"}, {"a clone of kept", kept.Clone(), "first"},
	} {
		if shown, err := handshake(t, one.client, next.sign(t, "server")); err != nil || shown != one.shows {
			t.Errorf("%s: showed %q, %v; expected %q", one.name, shown, err, one.shows)
		}
		if _, err := handshake(t, one.client, old.sign(t, "server")); err == nil {
			t.Errorf("%s: accepted a server of the authority that is not trusted any more", one.name)
		}
	}
}
