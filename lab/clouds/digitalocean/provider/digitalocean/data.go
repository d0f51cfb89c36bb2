package digitalocean

import (
	"context"
	"fmt"
	"strconv"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func out(t schema.ValueType) *schema.Schema { return &schema.Schema{Type: t, Computed: true} }

func outTexts(t schema.ValueType) *schema.Schema {
	return &schema.Schema{Type: t, Computed: true, Elem: &schema.Schema{Type: schema.TypeString}}
}

func either(t schema.ValueType, names ...string) *schema.Schema {
	return &schema.Schema{Type: t, Optional: true, Computed: true, ExactlyOneOf: names}
}

// only returns the one item that passes; none or several are errors.
func only[T any](all []T, what string, pass func(T) bool) (T, error) {
	var found []T
	for _, one := range all {
		if pass(one) {
			found = append(found, one)
		}
	}
	var zero T
	switch len(found) {
	case 0:
		return zero, fmt.Errorf("no %s found", what)
	case 1:
		return found[0], nil
	default:
		return zero, fmt.Errorf("too many: %d %ss found, expected 1", len(found), what)
	}
}

func dataAccount() *schema.Resource {
	return &schema.Resource{
		Schema: map[string]*schema.Schema{
			"droplet_limit": out(schema.TypeInt), "floating_ip_limit": out(schema.TypeInt), "email": out(schema.TypeString),
			"uuid": out(schema.TypeString), "email_verified": out(schema.TypeBool), "status": out(schema.TypeString),
			"status_message": out(schema.TypeString),
		},
		ReadContext: func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
			a, _, err := m.(*cloud).Account.Get(ctx)
			if err != nil {
				return diag.Errorf("Error retrieving account: %s", err)
			}
			if a == nil {
				return diag.FromErr(missing("account"))
			}
			d.SetId(a.UUID)
			return diag.FromErr(setAll(d, map[string]any{
				"droplet_limit": a.DropletLimit, "floating_ip_limit": a.FloatingIPLimit, "email": a.Email, "uuid": a.UUID,
				"email_verified": a.EmailVerified, "status": a.Status, "status_message": a.StatusMessage,
			}))
		},
	}
}

func dataSSHKey() *schema.Resource {
	return &schema.Resource{
		Schema: map[string]*schema.Schema{
			"name": {Type: schema.TypeString, Required: true},
			// A number here, unlike the id of the resource.
			"id": out(schema.TypeInt), "public_key": out(schema.TypeString), "fingerprint": out(schema.TypeString),
		},
		ReadContext: func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
			keys, err := listAll(func(o *godo.ListOptions) ([]godo.Key, *godo.Response, error) {
				return m.(*cloud).Keys.List(ctx, o)
			})
			if err != nil {
				return diag.Errorf("Error retrieving SSH keys: %s", err)
			}
			key, err := only(keys, "ssh key", func(k godo.Key) bool { return k.Name == d.Get("name").(string) })
			if err != nil {
				return diag.FromErr(err)
			}
			d.SetId(strconv.Itoa(key.ID))
			return diag.FromErr(setAll(d, map[string]any{
				"id": key.ID, "name": key.Name, "public_key": key.PublicKey, "fingerprint": key.Fingerprint,
			}))
		},
	}
}

func dataVPC() *schema.Resource {
	return &schema.Resource{
		Schema: map[string]*schema.Schema{
			"id": either(schema.TypeString, "id", "name", "region"), "name": either(schema.TypeString, "id", "name", "region"),
			"region": either(schema.TypeString, "id", "name", "region"), "description": out(schema.TypeString),
			"ip_range": out(schema.TypeString), "urn": out(schema.TypeString), "default": out(schema.TypeBool),
			"created_at": out(schema.TypeString),
		},
		ReadContext: func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
			c := m.(*cloud)
			if id, ok := d.GetOk("id"); ok {
				vpc, _, err := c.VPCs.Get(ctx, id.(string))
				if err == nil && vpc == nil {
					err = missing("vpc")
				}
				if err != nil {
					return diag.Errorf("Error retrieving VPC: %s", err)
				}
				return diag.FromErr(setVPC(d, vpc))
			}
			vpcs, err := listAll(func(o *godo.ListOptions) ([]*godo.VPC, *godo.Response, error) { return c.VPCs.List(ctx, o) })
			if err != nil {
				return diag.Errorf("Error retrieving VPCs: %s", err)
			}
			pass := func(v *godo.VPC) bool { return v.Default && v.RegionSlug == lower(d.Get("region")) }
			if name, ok := d.GetOk("name"); ok {
				pass = func(v *godo.VPC) bool { return v.Name == name.(string) }
			}
			vpc, err := only(vpcs, "VPC", pass)
			if err != nil {
				return diag.FromErr(err)
			}
			return diag.FromErr(setVPC(d, vpc))
		},
	}
}
