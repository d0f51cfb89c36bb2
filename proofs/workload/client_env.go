package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
)

// assignment matches a line of a client's etcd.env: its value is in single quotes or a duration, as the library writes
// it.
var assignment = regexp.MustCompile(`(?m)^export (ETCD\w+)=(?:'(.*)'|(\d+ms))$`)

// clientEnv is the content of a client's etcd.env.
type clientEnv struct {
	endpoints []string
	files     transport.TLSInfo
	// limits are by the name of their flag.
	limits map[string]time.Duration
}

// limitVariables are the variables in an etcd.env by the flags of a client's time limits.
var limitVariables = map[string]string{
	"dial-ms":              "ETCDCTL_DIAL_TIMEOUT",
	"keepalive-ms":         "ETCDCTL_KEEPALIVE_TIME",
	"keepalive-timeout-ms": "ETCDCTL_KEEPALIVE_TIMEOUT",
	"attempt-ms":           "ETCD_CLIENT_ATTEMPT_TIMEOUT",
	"total-ms":             "ETCD_CLIENT_TOTAL_TIMEOUT",
}

func readClientEnv(path string) (clientEnv, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return clientEnv{}, err
	}
	values := map[string]string{}
	for _, match := range assignment.FindAllStringSubmatch(string(text), -1) {
		values[match[1]] = strings.ReplaceAll(match[2], `'\''`, "'") + match[3]
	}
	missing := func(variable string) error {
		return fmt.Errorf("%s: no %s in it; expected a client's etcd.env as the library writes it", path, variable)
	}
	env := clientEnv{
		endpoints: splitEndpoints(values["ETCDCTL_ENDPOINTS"]),
		files: transport.TLSInfo{
			TrustedCAFile: values["ETCDCTL_CACERT"], CertFile: values["ETCDCTL_CERT"], KeyFile: values["ETCDCTL_KEY"],
		},
		limits: map[string]time.Duration{},
	}
	if len(env.endpoints) == 0 {
		return clientEnv{}, missing("ETCDCTL_ENDPOINTS")
	}
	for flag, variable := range limitVariables {
		if env.limits[flag], err = time.ParseDuration(values[variable]); err != nil {
			return clientEnv{}, missing(variable)
		}
	}
	return env, nil
}
