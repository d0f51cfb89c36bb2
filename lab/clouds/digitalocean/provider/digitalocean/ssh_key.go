package digitalocean

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

var sshKeys = kind[godo.Key]{
	noun: "SSH key", key: "ssh_key",
	schema: &schema.Resource{
		Timeouts: &schema.ResourceTimeout{Create: schema.DefaultTimeout(2 * time.Minute)},
		Schema: map[string]*schema.Schema{
			"name": {Type: schema.TypeString, Required: true},
			"public_key": {
				Type: schema.TypeString, Required: true, ForceNew: true,
				DiffSuppressFunc: func(_, old, wanted string, _ *schema.ResourceData) bool {
					return strings.TrimSpace(old) == strings.TrimSpace(wanted)
				},
			},
			"fingerprint": {Type: schema.TypeString, Computed: true},
		},
	},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Key, error) {
		key, _, err := c.Keys.Create(ctx, &godo.KeyCreateRequest{
			Name: d.Get("name").(string), PublicKey: d.Get("public_key").(string),
		})
		return key, err
	},
	id: func(_ *schema.ResourceData, key *godo.Key) string { return strconv.Itoa(key.ID) },
	// In the original, only SSH keys are given time to appear.
	created: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		appearing := func(err error) bool { return statusOf(err) == http.StatusNotFound }
		return whileRefused(ctx, d.Timeout(schema.TimeoutCreate), appearing, func() error {
			_, _, err := getSSHKey(ctx, c, d)
			return err
		})
	},
	get: getSSHKey,
	set: func(d *schema.ResourceData, key *godo.Key) error {
		return setAll(d, map[string]any{"name": key.Name, "fingerprint": key.Fingerprint, "public_key": key.PublicKey})
	},
	update: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		id, err := numberOf(d)
		if err == nil {
			_, _, err = c.Keys.UpdateByID(ctx, id, &godo.KeyUpdateRequest{Name: d.Get("name").(string)})
		}
		return err
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		id, err := numberOf(d)
		if err == nil {
			_, err = c.Keys.DeleteByID(ctx, id)
		}
		return err
	},
}

func getSSHKey(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Key, *godo.Response, error) {
	id, err := numberOf(d)
	if err != nil {
		return nil, nil, err
	}
	return c.Keys.GetByID(ctx, id)
}
