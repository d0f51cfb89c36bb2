package digitalocean

import (
	"context"
	"net/http"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

var vpcs = kind[godo.VPC]{
	noun: "VPC", key: "vpc",
	schema: &schema.Resource{
		Timeouts: &schema.ResourceTimeout{Delete: schema.DefaultTimeout(2 * time.Minute)},
		Schema: map[string]*schema.Schema{
			"name":        {Type: schema.TypeString, Required: true, ValidateFunc: validation.NoZeroValues},
			"region":      {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
			"description": {Type: schema.TypeString, Optional: true, ValidateFunc: validation.StringLenBetween(0, 255)},
			"ip_range":    {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true, ValidateFunc: validation.IsCIDR},
			"urn":         {Type: schema.TypeString, Computed: true},
			"default":     {Type: schema.TypeBool, Computed: true},
			"created_at":  {Type: schema.TypeString, Computed: true},
		},
	},
	// The first VPC of a region becomes its default; creating two at once there is a race.
	inTurn: func(d *schema.ResourceData) string { return d.Get("region").(string) },
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.VPC, error) {
		vpc, _, err := c.VPCs.Create(ctx, &godo.VPCCreateRequest{
			Name: d.Get("name").(string), RegionSlug: d.Get("region").(string),
			Description: d.Get("description").(string), IPRange: d.Get("ip_range").(string),
		})
		return vpc, err
	},
	id: func(_ *schema.ResourceData, vpc *godo.VPC) string { return vpc.ID },
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.VPC, *godo.Response, error) {
		return c.VPCs.Get(ctx, d.Id())
	},
	set: setVPC,
	update: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		if !d.HasChanges("name", "description") {
			return nil
		}
		isDefault := d.Get("default").(bool)
		_, _, err := c.VPCs.Update(ctx, d.Id(), &godo.VPCUpdateRequest{
			Name: d.Get("name").(string), Description: d.Get("description").(string), Default: &isDefault,
		})
		return err
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		// Members deleted a moment ago still count for a while.
		busy := func(err error) bool {
			return statusOf(err) == http.StatusForbidden || statusOf(err) == http.StatusConflict
		}
		return whileRefused(ctx, d.Timeout(schema.TimeoutDelete), busy, func() error {
			_, err := c.VPCs.Delete(ctx, d.Id())
			return err
		})
	},
}

func setVPC(d *schema.ResourceData, vpc *godo.VPC) error {
	d.SetId(vpc.ID)
	return setAll(d, map[string]any{
		"name": vpc.Name, "region": vpc.RegionSlug, "description": vpc.Description, "ip_range": vpc.IPRange,
		"urn": vpc.URN, "default": vpc.Default, "created_at": vpc.CreatedAt.UTC().String(),
	})
}

// peeringLimit is the default time-out of creation and of deletion.
const peeringLimit = 2 * time.Minute

var vpcPeerings = kind[godo.VPCPeering]{
	noun: "VPC Peering", key: "vpc_peering",
	schema: &schema.Resource{
		Timeouts: &schema.ResourceTimeout{
			Create: schema.DefaultTimeout(peeringLimit), Delete: schema.DefaultTimeout(peeringLimit),
		},
		Schema: map[string]*schema.Schema{
			"name": {Type: schema.TypeString, Required: true, ValidateFunc: validation.NoZeroValues},
			"vpc_ids": {
				Type: schema.TypeSet, Required: true, ForceNew: true, MinItems: 2, MaxItems: 2,
				Elem: &schema.Schema{Type: schema.TypeString, ValidateFunc: validation.NoZeroValues},
			},
			"status":     {Type: schema.TypeString, Computed: true},
			"created_at": {Type: schema.TypeString, Computed: true},
		},
	},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.VPCPeering, error) {
		peering, _, err := c.VPCs.CreateVPCPeering(ctx, &godo.VPCPeeringCreateRequest{
			Name: d.Get("name").(string), VPCIDs: stringsOf(d.Get("vpc_ids")),
		})
		return peering, err
	},
	id: func(_ *schema.ResourceData, peering *godo.VPCPeering) string { return peering.ID },
	created: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		limit := d.Timeout(schema.TimeoutCreate)
		if err := c.awaitPeering(ctx, d, limit, "PROVISIONING", "ACTIVE"); err != nil {
			return sentencef("Error waiting for VPC Peering (%s) to become active: %w", d.Id(), err)
		}
		return nil
	},
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.VPCPeering, *godo.Response, error) {
		return c.VPCs.GetVPCPeering(ctx, d.Id())
	},
	set: func(d *schema.ResourceData, p *godo.VPCPeering) error {
		return setAll(d, map[string]any{
			"name": p.Name, "vpc_ids": p.VPCIDs, "status": p.Status, "created_at": p.CreatedAt.UTC().String(),
		})
	},
	update: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		if !d.HasChange("name") {
			return nil
		}
		_, _, err := c.VPCs.UpdateVPCPeering(ctx, d.Id(), &godo.VPCPeeringUpdateRequest{Name: d.Get("name").(string)})
		return err
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		limit := d.Timeout(schema.TimeoutDelete)
		busy := func(err error) bool { return statusOf(err) == http.StatusForbidden }
		err := whileRefused(ctx, limit, busy, func() error {
			_, err := c.VPCs.DeleteVPCPeering(ctx, d.Id())
			return err
		})
		if err != nil {
			return err
		}
		if err := c.awaitPeering(ctx, d, limit, "DELETING", goneState); err != nil {
			return sentencef("Error waiting for VPC Peering (%s) to be deleted: %w", d.Id(), err)
		}
		return nil
	},
}

// goneState stands for a 404.
const goneState = "404"

func (c *cloud) awaitPeering(ctx context.Context, d *schema.ResourceData, limit time.Duration, pending, target string) error {
	return c.waits.peering.until(ctx, limit, []string{pending}, target, func() (any, string, error) {
		p, resp, err := c.VPCs.GetVPCPeering(ctx, d.Id())
		switch {
		case notFound(resp) && target == goneState:
			return d, goneState, nil
		case err != nil:
			return nil, "", err
		case p == nil:
			return nil, "", missing("vpc_peering")
		default:
			return p, p.Status, nil
		}
	})
}
