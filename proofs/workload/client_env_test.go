package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeClientEnv writes a file in the form of templates/access/client.env.tftpl.
func writeClientEnv(t *testing.T, path string, attemptMs, totalMs int) {
	t.Helper()
	text := fmt.Sprintf(`# Written by cdktf-etcd.
export ETCDCTL_ENDPOINTS='https://192.0.2.1:2379,https://192.0.2.2:2379'
export ETCDCTL_CACERT='/it'\''s here/ca.crt'
export ETCDCTL_CERT='/it'\''s here/client.crt'
export ETCDCTL_KEY='/it'\''s here/client.key'
export ETCDCTL_DIAL_TIMEOUT=4000ms
export ETCDCTL_KEEPALIVE_TIME=10000ms
export ETCDCTL_KEEPALIVE_TIMEOUT=2700ms
export ETCDCTL_COMMAND_TIMEOUT=8000ms
export ETCD_CLIENT_ATTEMPT_TIMEOUT=%dms
export ETCD_CLIENT_TOTAL_TIMEOUT=%dms
`, attemptMs, totalMs)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReadClientEnv(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.env")
	writeClientEnv(t, path, 750, 4800)
	env, err := readClientEnv(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(env.endpoints) != 2 || env.endpoints[1] != "https://192.0.2.2:2379" {
		t.Errorf("endpoints %q, expected the file's two", env.endpoints)
	}
	if f := env.files; f.TrustedCAFile != "/it's here/ca.crt" || f.CertFile != "/it's here/client.crt" || f.KeyFile != "/it's here/client.key" {
		t.Errorf("files %+v, expected the file's three with the shell's quoting undone", f)
	}
	if env.limits["attempt-ms"] != 750*time.Millisecond || env.limits["dial-ms"] != 4*time.Second {
		t.Errorf("limits %v, expected 750 ms for an attempt and 4 s to connect", env.limits)
	}
	if err := os.WriteFile(path, []byte("export ETCDCTL_ENDPOINTS='https://192.0.2.1:2379'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readClientEnv(path); err == nil || !strings.Contains(err.Error(), "TIME") {
		t.Errorf("a file without time limits: error %v, expected one that names a missing limit", err)
	}
}

func TestFlagsOfTimeLimitsGoBeforeTheFile(t *testing.T) {
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	flags := connectionFlags{flags: set}
	attempt, total := set.Int("attempt-ms", 1, ""), set.Int("total-ms", 1, "")
	if err := set.Parse([]string{"-attempt-ms", "200"}); err != nil {
		t.Fatal(err)
	}
	limits := map[string]time.Duration{"attempt-ms": 750 * time.Millisecond, "total-ms": 4800 * time.Millisecond, "dial-ms": time.Second}
	if err := flags.takeLimits(clientEnv{limits: limits}); err != nil {
		t.Fatal(err)
	}
	if *attempt != 200 || *total != 4800 {
		t.Errorf("attempt %d, total %d; expected the flag's 200 and the file's 4800", *attempt, *total)
	}
}

func TestTimeLimitsOfARunningClientAreRaisedOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.env")
	writeClientEnv(t, path, 750, 4800)
	r := &recommended{limits: newLimits(300*time.Millisecond, 2*time.Second)}
	raised := func() bool {
		return r.limits.attempt() == 750*time.Millisecond && r.limits.total() == 4800*time.Millisecond
	}
	r.readLimits(path)
	if !raised() {
		t.Fatalf("attempt %v, total %v; expected the file's 750 ms and 4.8 s", r.limits.attempt(), r.limits.total())
	}
	writeClientEnv(t, path, 300, 2000)
	r.readLimits(path)
	if !raised() {
		t.Errorf("attempt %v, total %v; expected them to stay while the program runs", r.limits.attempt(), r.limits.total())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.readLimits(path)
	if !raised() {
		t.Errorf("attempt %v, total %v; expected them to stay without the file", r.limits.attempt(), r.limits.total())
	}
}
