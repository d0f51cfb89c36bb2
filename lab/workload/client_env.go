package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/transport"
)

// quoted is a line of a client's etcd.env whose value stands in single quotes, as the library writes it.
var quoted = regexp.MustCompile(`(?m)^export (ETCDCTL_\w+)='(.*)'$`)

// readClientEnv takes the endpoints and the certificate files from a client's etcd.env.
func readClientEnv(path string) (endpoints string, files transport.TLSInfo, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", transport.TLSInfo{}, err
	}
	values := map[string]string{}
	for _, match := range quoted.FindAllStringSubmatch(string(text), -1) {
		values[match[1]] = strings.ReplaceAll(match[2], `'\''`, "'")
	}
	endpoints = values["ETCDCTL_ENDPOINTS"]
	if endpoints == "" {
		return "", transport.TLSInfo{}, fmt.Errorf("%s: no ETCDCTL_ENDPOINTS in it; expected a client's etcd.env as the library writes it", path)
	}
	return endpoints, transport.TLSInfo{
		TrustedCAFile: values["ETCDCTL_CACERT"], CertFile: values["ETCDCTL_CERT"], KeyFile: values["ETCDCTL_KEY"],
	}, nil
}
