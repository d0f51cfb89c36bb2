package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/id"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

var reservedIPs = kind[godo.ReservedIP]{
	noun: "reserved IP", key: "reserved_ip",
	schema: &schema.Resource{Schema: map[string]*schema.Schema{
		"region":     {Type: schema.TypeString, Required: true, ForceNew: true, StateFunc: lower},
		"droplet_id": {Type: schema.TypeInt, Optional: true},
		"ip_address": {Type: schema.TypeString, Optional: true, Computed: true},
		"urn":        {Type: schema.TypeString, Computed: true},
	}},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.ReservedIP, error) {
		ip, _, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: d.Get("region").(string)})
		return ip, err
	},
	id: func(_ *schema.ResourceData, ip *godo.ReservedIP) string { return ip.IP },
	created: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		if droplet, ok := d.GetOk("droplet_id"); ok {
			return c.assign(ctx, d.Id(), droplet.(int))
		}
		return nil
	},
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.ReservedIP, *godo.Response, error) {
		return c.getReservedIP(ctx, d.Id())
	},
	set: setReservedIP,
	update: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		if !d.HasChange("droplet_id") {
			return nil
		}
		if droplet, ok := d.GetOk("droplet_id"); ok {
			return c.assign(ctx, d.Id(), droplet.(int))
		}
		return c.unassign(ctx, d.Id())
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		if _, ok := d.GetOk("droplet_id"); ok {
			// A 422 means that it is not assigned any more: nothing is left to do.
			if err := c.unassign(ctx, d.Id()); err != nil && statusOf(err) != http.StatusUnprocessableEntity {
				return err
			}
		}
		_, err := c.ReservedIPs.Delete(ctx, d.Id())
		return err
	},
}

func setReservedIP(d *schema.ResourceData, ip *godo.ReservedIP) error {
	region := ip.Region.Slug
	// Without droplet_id here, another resource owns the assignment, and it is not read.
	if _, mine := d.GetOk("droplet_id"); mine && ip.Droplet != nil {
		if ip.Droplet.Region == nil {
			return missing("reserved_ip.droplet.region")
		}
		region = ip.Droplet.Region.Slug
		if err := d.Set("droplet_id", ip.Droplet.ID); err != nil {
			return err
		}
	}
	return setAll(d, map[string]any{"ip_address": ip.IP, "region": region, "urn": ip.URN()})
}

var reservedIPAssignments = kind[godo.ReservedIP]{
	noun: "assignment of a reserved IP", key: "reserved_ip",
	schema: &schema.Resource{
		Importer: &schema.ResourceImporter{StateContext: importReservedIPAssignment},
		Schema: map[string]*schema.Schema{
			"ip_address": {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.IsIPv4Address},
			"droplet_id": {Type: schema.TypeInt, Required: true, ForceNew: true},
		},
	},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.ReservedIP, error) {
		ip := &godo.ReservedIP{IP: d.Get("ip_address").(string)}
		return ip, c.assign(ctx, ip.IP, d.Get("droplet_id").(int))
	},
	id: func(d *schema.ResourceData, ip *godo.ReservedIP) string {
		return id.PrefixedUniqueId(fmt.Sprintf("%d-%s-", d.Get("droplet_id").(int), ip.IP))
	},
	// The original does not take a 404 to mean that it is gone.
	stays: true,
	get:   getAssignedIP,
	set: func(d *schema.ResourceData, ip *godo.ReservedIP) error {
		if ip.Droplet == nil || ip.Droplet.ID != d.Get("droplet_id").(int) {
			d.SetId("")
		}
		return nil
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		ip, _, err := getAssignedIP(ctx, c, d)
		switch {
		case err != nil:
			return err
		case ip.Droplet == nil:
			return missing("reserved_ip.droplet")
		case ip.Droplet.ID != d.Get("droplet_id").(int):
			return nil
		default:
			return c.unassign(ctx, ip.IP)
		}
	},
}

func getAssignedIP(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.ReservedIP, *godo.Response, error) {
	return c.getReservedIP(ctx, d.Get("ip_address").(string))
}

func (c *cloud) assign(ctx context.Context, ip string, droplet int) error {
	action, _, err := c.ReservedIPActions.Assign(ctx, ip, droplet)
	if err == nil {
		err = c.awaitReservedIPAction(ctx, ip, action)
	}
	if err != nil {
		return sentencef("Error assigning reserved IP (%s) to droplet: %w", ip, err)
	}
	return nil
}

func (c *cloud) unassign(ctx context.Context, ip string) error {
	action, _, err := c.ReservedIPActions.Unassign(ctx, ip)
	if err == nil {
		err = c.awaitReservedIPAction(ctx, ip, action)
	}
	if err != nil {
		return sentencef("Error unassigning reserved IP (%s): %w", ip, err)
	}
	return nil
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
