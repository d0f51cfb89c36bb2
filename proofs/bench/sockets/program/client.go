package main

import (
	"flag"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// access is a member's client URL, and the files to log in with.
type access struct {
	endpoint string
	files    transport.TLSInfo
}

func accessFlags(flags *flag.FlagSet) *access {
	a := &access{}
	flags.StringVar(&a.endpoint, "endpoint", "https://127.0.0.1:2379", "client URL of a member")
	flags.StringVar(&a.files.TrustedCAFile, "cacert", "", "file with the authority's certificate")
	flags.StringVar(&a.files.CertFile, "cert", "", "file with the client's certificate")
	flags.StringVar(&a.files.KeyFile, "key", "", "file with the client's key")
	return a
}

// dial makes a client of this member only. A keepalive time of 0 is etcd's default: no gRPC keepalive.
func (a *access) dial(keepaliveTime, keepaliveTimeout time.Duration) (*clientv3.Client, error) {
	config, err := a.files.ClientConfig()
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints:            []string{a.endpoint},
		TLS:                  config,
		DialTimeout:          10 * time.Second,
		DialKeepAliveTime:    keepaliveTime,
		DialKeepAliveTimeout: keepaliveTimeout,
	})
}
