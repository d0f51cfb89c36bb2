package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"google.golang.org/grpc/credentials"
)

// settings as a client's etcd.env has them.
type settings struct {
	endpoints        []string // the nearest first
	credentials      credentials.TransportCredentials
	dialTimeout      time.Duration
	keepaliveTime    time.Duration
	keepaliveTimeout time.Duration
	limits           *limits
	file             string // etcd.env itself, to read the limits again
}

func settingsFromEnvironment() (settings, error) {
	endpoints := os.Getenv("ETCDCTL_ENDPOINTS")
	if endpoints == "" {
		return settings{}, errors.New("ETCDCTL_ENDPOINTS is not set: source the client's etcd.env first")
	}
	files := transport.TLSInfo{
		TrustedCAFile: os.Getenv("ETCDCTL_CACERT"),
		CertFile:      os.Getenv("ETCDCTL_CERT"),
		KeyFile:       os.Getenv("ETCDCTL_KEY"),
	}
	fresh, err := newFreshCredentials(files)
	if err != nil {
		return settings{}, fmt.Errorf("the client's certificate: %w", err)
	}
	s := settings{endpoints: strings.Split(endpoints, ","), credentials: fresh, limits: &limits{}}
	s.file = filepath.Join(filepath.Dir(files.TrustedCAFile), "etcd.env")
	for name, value := range map[string]*time.Duration{
		"ETCDCTL_DIAL_TIMEOUT":      &s.dialTimeout,
		"ETCDCTL_KEEPALIVE_TIME":    &s.keepaliveTime,
		"ETCDCTL_KEEPALIVE_TIMEOUT": &s.keepaliveTimeout,
	} {
		if *value, err = time.ParseDuration(os.Getenv(name)); err != nil {
			return settings{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, s.limits.raise(os.Getenv)
}
