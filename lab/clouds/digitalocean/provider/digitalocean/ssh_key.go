package digitalocean

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func resourceSSHKey() *schema.Resource {
	return &schema.Resource{
		CreateContext: createSSHKey,
		ReadContext:   readSSHKey,
		UpdateContext: updateSSHKey,
		DeleteContext: deleteSSHKey,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Timeouts:      &schema.ResourceTimeout{Create: schema.DefaultTimeout(2 * time.Minute)},
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
	}
}

func createSSHKey(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	key, _, err := c.Keys.Create(ctx, &godo.KeyCreateRequest{
		Name: d.Get("name").(string), PublicKey: d.Get("public_key").(string),
	})
	if err != nil {
		return diag.Errorf("Error creating SSH Key: %s", err)
	}
	if key == nil {
		return diag.FromErr(missing("ssh_key"))
	}
	d.SetId(strconv.Itoa(key.ID))
	// Of all resources only the key is given time to appear.
	err = retry.RetryContext(ctx, d.Timeout(schema.TimeoutCreate), func() *retry.RetryError {
		_, resp, err := c.Keys.GetByID(ctx, key.ID)
		if err == nil {
			return nil
		}
		if notFound(resp) {
			return retry.RetryableError(err)
		}
		return retry.NonRetryableError(err)
	})
	if err != nil {
		return diag.Errorf("Error creating SSH Key: %s", err)
	}
	return readSSHKey(ctx, d, m)
}

func readSSHKey(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	id, err := strconv.Atoi(d.Id())
	if err != nil {
		return diag.FromErr(fmt.Errorf("invalid SSH key id: %w", err))
	}
	key, resp, err := m.(*cloud).Keys.GetByID(ctx, id)
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error retrieving SSH key: %s", err)
	}
	if key == nil {
		return diag.FromErr(missing("ssh_key"))
	}
	return diag.FromErr(setAll(d, map[string]any{
		"name": key.Name, "fingerprint": key.Fingerprint, "public_key": key.PublicKey,
	}))
}

func updateSSHKey(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	id, err := strconv.Atoi(d.Id())
	if err != nil {
		return diag.FromErr(err)
	}
	if _, _, err := m.(*cloud).Keys.UpdateByID(ctx, id, &godo.KeyUpdateRequest{Name: d.Get("name").(string)}); err != nil {
		return diag.Errorf("Failed to update SSH key: %s", err)
	}
	return readSSHKey(ctx, d, m)
}

func deleteSSHKey(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	id, err := strconv.Atoi(d.Id())
	if err != nil {
		return diag.FromErr(err)
	}
	if _, err := m.(*cloud).Keys.DeleteByID(ctx, id); err != nil {
		return diag.Errorf("Error deleting SSH key: %s", err)
	}
	return nil
}
