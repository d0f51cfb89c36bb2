package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func TestReadsWhatThereIs(t *testing.T) {
	type thing struct{}
	for _, c := range []struct {
		what   string
		status int
		stays  bool
		answer *thing
		err    error
		id     string
		says   string
	}{
		{"there", http.StatusOK, false, &thing{}, nil, "1", ""},
		{"gone", http.StatusNotFound, false, nil, errors.New("404"), "", ""},
		{"gone, where that is an error", http.StatusNotFound, true, nil, errors.New("404"), "1", "Error retrieving thing: 404"},
		{"refused", http.StatusForbidden, false, nil, errors.New("403"), "1", "Error retrieving thing: 403"},
		{"refused, in a sentence", http.StatusForbidden, false, nil, sentencef("No: %w", errors.New("403")), "1", "No: 403"},
		{"an answer without it", http.StatusOK, false, nil, nil, "1", missing("thing").Error()},
	} {
		t.Run(c.what, func(t *testing.T) {
			things := kind[thing]{
				noun: "thing", key: "thing", stays: c.stays, schema: &schema.Resource{},
				get: func(context.Context, *cloud, *schema.ResourceData) (*thing, *godo.Response, error) {
					return c.answer, &godo.Response{Response: &http.Response{StatusCode: c.status}}, c.err
				},
				set: func(*schema.ResourceData, *thing) error { return nil },
			}
			r := things.resource()
			d := r.TestResourceData()
			d.SetId("1")
			said := ""
			for _, one := range r.ReadContext(context.Background(), d, &cloud{}) {
				said += one.Summary
			}
			if d.Id() != c.id || said != c.says {
				t.Fatalf("id %q, said %q", d.Id(), said)
			}
		})
	}
}
