package digitalocean

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// The first VPC of a region becomes its default; creating two at once there is a race.
var vpcRegions sync.Map

func lockRegion(region string) (unlock func()) {
	lock, _ := vpcRegions.LoadOrStore(region, &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	return lock.(*sync.Mutex).Unlock
}

func resourceVPC() *schema.Resource {
	return &schema.Resource{
		CreateContext: createVPC,
		ReadContext:   readVPC,
		UpdateContext: updateVPC,
		DeleteContext: deleteVPC,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Timeouts:      &schema.ResourceTimeout{Delete: schema.DefaultTimeout(2 * time.Minute)},
		Schema: map[string]*schema.Schema{
			"name":        {Type: schema.TypeString, Required: true, ValidateFunc: validation.NoZeroValues},
			"region":      {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
			"description": {Type: schema.TypeString, Optional: true, ValidateFunc: validation.StringLenBetween(0, 255)},
			"ip_range":    {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true, ValidateFunc: validation.IsCIDR},
			"urn":         {Type: schema.TypeString, Computed: true},
			"default":     {Type: schema.TypeBool, Computed: true},
			"created_at":  {Type: schema.TypeString, Computed: true},
		},
	}
}

func createVPC(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	region := d.Get("region").(string)
	defer lockRegion(region)()
	vpc, _, err := m.(*cloud).VPCs.Create(ctx, &godo.VPCCreateRequest{
		Name: d.Get("name").(string), RegionSlug: region,
		Description: d.Get("description").(string), IPRange: d.Get("ip_range").(string),
	})
	if err != nil {
		return diag.Errorf("Error creating VPC: %s", err)
	}
	if vpc == nil {
		return diag.FromErr(missing("vpc"))
	}
	d.SetId(vpc.ID)
	return readVPC(ctx, d, m)
}

func readVPC(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	vpc, resp, err := m.(*cloud).VPCs.Get(ctx, d.Id())
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error reading VPC: %s", err)
	}
	if vpc == nil {
		return diag.FromErr(missing("vpc"))
	}
	return diag.FromErr(setVPC(d, vpc))
}

func setVPC(d *schema.ResourceData, vpc *godo.VPC) error {
	d.SetId(vpc.ID)
	return setAll(d, map[string]any{
		"name": vpc.Name, "region": vpc.RegionSlug, "description": vpc.Description, "ip_range": vpc.IPRange,
		"urn": vpc.URN, "default": vpc.Default, "created_at": vpc.CreatedAt.UTC().String(),
	})
}

func updateVPC(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	if d.HasChanges("name", "description") {
		isDefault := d.Get("default").(bool)
		_, _, err := m.(*cloud).VPCs.Update(ctx, d.Id(), &godo.VPCUpdateRequest{
			Name: d.Get("name").(string), Description: d.Get("description").(string), Default: &isDefault,
		})
		if err != nil {
			return diag.Errorf("Error updating VPC: %s", err)
		}
	}
	return readVPC(ctx, d, m)
}

func deleteVPC(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	err := retry.RetryContext(ctx, d.Timeout(schema.TimeoutDelete), func() *retry.RetryError {
		_, err := m.(*cloud).VPCs.Delete(ctx, d.Id())
		switch statusOf(err) {
		case http.StatusForbidden, http.StatusConflict:
			// Members that were deleted a moment ago still count for a while.
			return retry.RetryableError(err)
		}
		if err != nil {
			return retry.NonRetryableError(err)
		}
		return nil
	})
	if err != nil {
		return diag.Errorf("Error deleting VPC: %s", err)
	}
	return nil
}

// peeringLimit bounds creation and deletion alike unless configured.
const peeringLimit = 2 * time.Minute

func resourceVPCPeering() *schema.Resource {
	return &schema.Resource{
		CreateContext: createVPCPeering,
		ReadContext:   readVPCPeering,
		UpdateContext: updateVPCPeering,
		DeleteContext: deleteVPCPeering,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
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
	}
}

func createVPCPeering(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	peering, _, err := c.VPCs.CreateVPCPeering(ctx, &godo.VPCPeeringCreateRequest{
		Name: d.Get("name").(string), VPCIDs: stringsOf(d.Get("vpc_ids")),
	})
	if err != nil {
		return diag.Errorf("Error creating VPC Peering: %s", err)
	}
	if peering == nil {
		return diag.FromErr(missing("vpc_peering"))
	}
	d.SetId(peering.ID)
	err = c.waits.peering.until(ctx, d.Timeout(schema.TimeoutCreate), []string{"PROVISIONING"}, "ACTIVE", func() (any, string, error) {
		p, _, err := c.VPCs.GetVPCPeering(ctx, peering.ID)
		if err == nil && p == nil {
			err = missing("vpc_peering")
		}
		if err != nil {
			return nil, "", err
		}
		return p, p.Status, nil
	})
	if err != nil {
		return diag.Errorf("Error waiting for VPC Peering (%s) to become active: %s", d.Id(), err)
	}
	return readVPCPeering(ctx, d, m)
}

func readVPCPeering(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	p, resp, err := m.(*cloud).VPCs.GetVPCPeering(ctx, d.Id())
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error reading VPC Peering: %s", err)
	}
	if p == nil {
		return diag.FromErr(missing("vpc_peering"))
	}
	return diag.FromErr(setAll(d, map[string]any{
		"name": p.Name, "vpc_ids": p.VPCIDs, "status": p.Status, "created_at": p.CreatedAt.UTC().String(),
	}))
}

func updateVPCPeering(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	if d.HasChange("name") {
		request := &godo.VPCPeeringUpdateRequest{Name: d.Get("name").(string)}
		if _, _, err := m.(*cloud).VPCs.UpdateVPCPeering(ctx, d.Id(), request); err != nil {
			return diag.Errorf("Error updating VPC Peering: %s", err)
		}
	}
	return readVPCPeering(ctx, d, m)
}

func deleteVPCPeering(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	limit := d.Timeout(schema.TimeoutDelete)
	err := retry.RetryContext(ctx, limit, func() *retry.RetryError {
		_, err := c.VPCs.DeleteVPCPeering(ctx, d.Id())
		if statusOf(err) == http.StatusForbidden {
			return retry.RetryableError(err)
		}
		if err != nil {
			return retry.NonRetryableError(err)
		}
		return nil
	})
	if err != nil {
		return diag.Errorf("Error deleting VPC Peering: %s", err)
	}
	err = c.waits.peering.until(ctx, limit, []string{"DELETING"}, "404", func() (any, string, error) {
		p, resp, err := c.VPCs.GetVPCPeering(ctx, d.Id())
		switch {
		case notFound(resp):
			return d, "404", nil
		case err != nil:
			return nil, "", err
		case p == nil:
			return nil, "", missing("vpc_peering")
		default:
			return p, strings.TrimSpace(p.Status), nil
		}
	})
	if err != nil {
		return diag.Errorf("Error waiting for VPC Peering (%s) to be deleted: %s", d.Id(), err)
	}
	return nil
}
