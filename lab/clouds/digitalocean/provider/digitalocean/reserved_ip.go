package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/id"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

func resourceReservedIP() *schema.Resource {
	return &schema.Resource{
		CreateContext: createReservedIP,
		ReadContext:   readReservedIP,
		UpdateContext: updateReservedIP,
		DeleteContext: deleteReservedIP,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Schema: map[string]*schema.Schema{
			"region":     {Type: schema.TypeString, Required: true, ForceNew: true, StateFunc: lower},
			"droplet_id": {Type: schema.TypeInt, Optional: true},
			"ip_address": {Type: schema.TypeString, Optional: true, Computed: true},
			"urn":        {Type: schema.TypeString, Computed: true},
		},
	}
}

func createReservedIP(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	ip, _, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: d.Get("region").(string)})
	if err != nil {
		return diag.Errorf("Error creating reserved IP: %s", err)
	}
	if ip == nil {
		return diag.FromErr(missing("reserved_ip"))
	}
	d.SetId(ip.IP)
	if droplet, ok := d.GetOk("droplet_id"); ok {
		if err := c.assign(ctx, d.Id(), droplet.(int)); err != nil {
			return diag.Errorf("Error assigning reserved IP (%s) to droplet: %s", d.Id(), err)
		}
	}
	return readReservedIP(ctx, d, m)
}

func (c *cloud) assign(ctx context.Context, ip string, droplet int) error {
	action, _, err := c.ReservedIPActions.Assign(ctx, ip, droplet)
	if err != nil {
		return err
	}
	return c.awaitReservedIPAction(ctx, ip, action)
}

func (c *cloud) unassign(ctx context.Context, ip string) error {
	action, _, err := c.ReservedIPActions.Unassign(ctx, ip)
	if err != nil {
		return err
	}
	return c.awaitReservedIPAction(ctx, ip, action)
}

// Unlike other actions, one on a reserved IP is done by its status; its completion time does not matter.
func (c *cloud) awaitReservedIPAction(ctx context.Context, ip string, action *godo.Action) error {
	if action == nil {
		return missing("action")
	}
	return c.waits.ordinary.until(ctx, actionLimit, []string{"new", godo.ActionInProgress}, godo.ActionCompleted,
		func() (any, string, error) {
			a, _, err := c.ReservedIPActions.Get(ctx, ip, action.ID)
			if err != nil {
				return nil, "", fmt.Errorf("retrieving reserved IP (%s) action %d: %w", ip, action.ID, err)
			}
			if a == nil {
				return nil, "", missing("action")
			}
			return a, a.Status, nil
		})
}

func (c *cloud) getReservedIP(ctx context.Context, address string) (*godo.ReservedIP, *godo.Response, error) {
	ip, resp, err := c.ReservedIPs.Get(ctx, address)
	switch {
	case err != nil:
		return nil, resp, err
	case ip == nil:
		return nil, resp, missing("reserved_ip")
	case ip.Region == nil:
		return nil, resp, missing("reserved_ip.region")
	}
	return ip, resp, nil
}

func readReservedIP(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	ip, resp, err := m.(*cloud).getReservedIP(ctx, d.Id())
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error retrieving reserved IP: %s", err)
	}
	region := ip.Region.Slug
	// Whose assignment this is: without droplet_id here, it belongs to somebody else and is not looked at.
	if _, mine := d.GetOk("droplet_id"); mine && ip.Droplet != nil {
		if ip.Droplet.Region == nil {
			return diag.FromErr(missing("reserved_ip.droplet.region"))
		}
		region = ip.Droplet.Region.Slug
		if err := d.Set("droplet_id", ip.Droplet.ID); err != nil {
			return diag.FromErr(err)
		}
	}
	return diag.FromErr(setAll(d, map[string]any{"ip_address": ip.IP, "region": region, "urn": ip.URN()}))
}

func updateReservedIP(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	if d.HasChange("droplet_id") {
		var err error
		if droplet, ok := d.GetOk("droplet_id"); ok {
			err = c.assign(ctx, d.Id(), droplet.(int))
		} else {
			err = c.unassign(ctx, d.Id())
		}
		if err != nil {
			return diag.Errorf("Error changing the assignment of reserved IP (%s): %s", d.Id(), err)
		}
	}
	return readReservedIP(ctx, d, m)
}

func deleteReservedIP(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	if _, ok := d.GetOk("droplet_id"); ok {
		// Refused if it is not assigned any more, which is what was wanted.
		if err := c.unassign(ctx, d.Id()); err != nil && statusOf(err) != http.StatusUnprocessableEntity {
			return diag.Errorf("Error unassigning reserved IP (%s): %s", d.Id(), err)
		}
	}
	if _, err := c.ReservedIPs.Delete(ctx, d.Id()); err != nil {
		return diag.Errorf("Error deleting reserved IP: %s", err)
	}
	return nil
}

func resourceReservedIPAssignment() *schema.Resource {
	return &schema.Resource{
		CreateContext: createReservedIPAssignment,
		ReadContext:   readReservedIPAssignment,
		DeleteContext: deleteReservedIPAssignment,
		Importer:      &schema.ResourceImporter{StateContext: importReservedIPAssignment},
		Schema: map[string]*schema.Schema{
			"ip_address": {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.IsIPv4Address},
			"droplet_id": {Type: schema.TypeInt, Required: true, ForceNew: true},
		},
	}
}

func createReservedIPAssignment(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	ip, droplet := d.Get("ip_address").(string), d.Get("droplet_id").(int)
	if err := m.(*cloud).assign(ctx, ip, droplet); err != nil {
		return diag.Errorf("Error assigning reserved IP (%s) to droplet: %s", ip, err)
	}
	d.SetId(id.PrefixedUniqueId(fmt.Sprintf("%d-%s-", droplet, ip)))
	return readReservedIPAssignment(ctx, d, m)
}

func readReservedIPAssignment(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	ip, _, err := m.(*cloud).getReservedIP(ctx, d.Get("ip_address").(string))
	if err != nil {
		// Also a 404: the original does not take it for "gone".
		return diag.Errorf("Error retrieving reserved IP: %s", err)
	}
	if ip.Droplet == nil || ip.Droplet.ID != d.Get("droplet_id").(int) {
		d.SetId("")
	}
	return nil
}

func deleteReservedIPAssignment(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	address := d.Get("ip_address").(string)
	ip, _, err := c.getReservedIP(ctx, address)
	if err != nil {
		return diag.Errorf("Error retrieving reserved IP: %s", err)
	}
	if ip.Droplet == nil {
		return diag.FromErr(missing("reserved_ip.droplet"))
	}
	if ip.Droplet.ID != d.Get("droplet_id").(int) {
		return nil
	}
	if err := c.unassign(ctx, address); err != nil {
		return diag.Errorf("Error unassigning reserved IP (%s): %s", address, err)
	}
	return nil
}

func importReservedIPAssignment(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	ip, droplet, found := strings.Cut(d.Id(), ",")
	if !found {
		return nil, fmt.Errorf("%q is not <ip address>,<droplet id>", d.Id())
	}
	var number int
	if _, err := fmt.Sscan(droplet, &number); err != nil {
		return nil, fmt.Errorf("invalid droplet id: %w", err)
	}
	d.SetId(id.PrefixedUniqueId(fmt.Sprintf("%d-%s-", number, ip)))
	return []*schema.ResourceData{d}, setAll(d, map[string]any{"ip_address": ip, "droplet_id": number})
}
