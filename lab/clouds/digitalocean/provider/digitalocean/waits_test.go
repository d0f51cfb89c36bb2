package digitalocean

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// In a synctest bubble, time advances at once when all goroutines wait: the times are exact on any machine.

func TestLooksWhenTheOriginalDoes(t *testing.T) {
	for _, c := range []struct {
		what  string
		pace  pace
		looks []time.Duration
	}{
		{"droplets and actions", realWaits.ordinary, seconds(10, 13, 19, 29, 39)},
		{"peerings", realWaits.peering, seconds(5, 10, 20, 30, 40)},
		{"droplets and actions, quickly", quickWaits.ordinary, seconds(0.25, 0.75, 1.25, 1.75, 2.25)},
		{"peerings, quickly", quickWaits.peering, seconds(0.25, 0.75, 1.25, 1.75, 2.25)},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var looks []time.Duration
				err := c.pace.until(context.Background(), time.Hour, []string{"new"}, "active", func() (any, string, error) {
					looks = append(looks, time.Since(start))
					if len(looks) < len(c.looks) {
						return "droplet", "new", nil
					}
					return "droplet", "active", nil
				})
				if err != nil || !reflect.DeepEqual(looks, c.looks) {
					t.Fatalf("looked after %v, not %v; error: %v", looks, c.looks, err)
				}
			})
		})
	}
}

func TestADropletTakesAsLongAsWithTheOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := &account{start: time.Now()}
		c := &cloud{Client: godo.NewClient(&http.Client{Transport: account}), waits: realWaits}
		d := schema.TestResourceDataRaw(t, droplets.resource().Schema, map[string]any{
			"name": "one", "region": "lon1", "size": "s-1vcpu-1gb", "image": "debian-13-x64",
		})
		if failures := droplets.resource().CreateContext(context.Background(), d, c); failures.HasError() {
			t.Fatal(failures)
		}
		if failures := droplets.resource().DeleteContext(context.Background(), d, c); failures.HasError() {
			t.Fatal(failures)
		}
		wanted := []string{
			"0s POST /v2/droplets", "10s GET /v2/droplets/1",
			"20s GET /v2/droplets/1", "20s DELETE /v2/droplets/1", "30s GET /v2/droplets/1",
		}
		if !reflect.DeepEqual(account.requests, wanted) {
			t.Fatalf("requests: %q", account.requests)
		}
	})
}

func TestWaitsAsTheOriginalOnlyWhenToldTo(t *testing.T) {
	for value, wanted := range map[string]waits{"": quickWaits, "1": realWaits} {
		t.Setenv("DIGITALOCEAN_STANDIN_REAL_WAITS", value)
		c, err := newCloud(schema.TestResourceDataRaw(t, Provider().Schema, map[string]any{"token": "any"}), "1.0.0")
		if err != nil {
			t.Fatal(err)
		}
		if c.waits != wanted {
			t.Errorf("told %q, it waits %+v", value, c.waits)
		}
	}
}

// account is an API without a network, which a synctest bubble could not wait for. Its droplets are active at once, and
// gone at once.
type account struct {
	start    time.Time
	requests []string
	deleted  bool
}

func (a *account) RoundTrip(request *http.Request) (*http.Response, error) {
	a.requests = append(a.requests, fmt.Sprintf("%v %s %s", time.Since(a.start), request.Method, request.URL.Path))
	status := http.StatusOK
	switch {
	case request.Method == http.MethodDelete:
		a.deleted, status = true, http.StatusNoContent
	case a.deleted:
		status = http.StatusNotFound
	}
	body := `{"droplet": {"id": 1, "status": "active", "region": {"slug": "lon1"}, "size": {"slug": "s-1vcpu-1gb"}, "networks": {}}}`
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request,
	}, nil
}

func seconds(list ...float64) []time.Duration {
	var all []time.Duration
	for _, one := range list {
		all = append(all, time.Duration(one*float64(time.Second)))
	}
	return all
}
