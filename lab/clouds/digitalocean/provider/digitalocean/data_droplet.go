package digitalocean

import (
	"context"
	"strconv"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func dataDroplet() *schema.Resource {
	s := map[string]*schema.Schema{
		"id": either(schema.TypeInt, "id", "name", "tag"), "name": either(schema.TypeString, "id", "name", "tag"),
		"tag":   {Type: schema.TypeString, Optional: true, ExactlyOneOf: []string{"id", "name", "tag"}},
		"gpu":   {Type: schema.TypeBool, Optional: true, Default: false, ConflictsWith: []string{"tag"}},
		"image": out(schema.TypeString), "volume_ids": outTexts(schema.TypeSet), "tags": outTexts(schema.TypeSet),
	}
	for _, name := range []string{
		"created_at", "urn", "region", "size", "status", "ipv4_address", "ipv4_address_private", "ipv6_address",
		"ipv6_address_private", "vpc_uuid",
	} {
		s[name] = out(schema.TypeString)
	}
	for _, name := range []string{"backups", "ipv6", "monitoring", "private_networking", "locked"} {
		s[name] = out(schema.TypeBool)
	}
	for _, name := range []string{"disk", "vcpus", "memory"} {
		s[name] = out(schema.TypeInt)
	}
	s["price_hourly"], s["price_monthly"] = out(schema.TypeFloat), out(schema.TypeFloat)
	return &schema.Resource{Schema: s, ReadContext: readDropletData}
}

func readDropletData(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	var number int
	if id, ok := d.GetOk("id"); ok {
		number = id.(int)
	} else {
		list := c.Droplets.List
		if d.Get("gpu").(bool) {
			list = c.Droplets.ListWithGPUs
		}
		droplets, err := listAll(func(o *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) { return list(ctx, o) })
		if err != nil {
			return diag.Errorf("Error retrieving droplets: %s", err)
		}
		pass := func(one godo.Droplet) bool { return contains(one.Tags, d.Get("tag").(string)) }
		if name, ok := d.GetOk("name"); ok {
			pass = func(one godo.Droplet) bool { return one.Name == name.(string) }
		}
		droplet, err := only(droplets, "droplet", pass)
		if err != nil {
			return diag.FromErr(err)
		}
		return diag.FromErr(setDropletData(d, &droplet))
	}
	droplet, _, err := c.getDroplet(ctx, strconv.Itoa(number))
	if err != nil {
		return diag.Errorf("Error retrieving droplet: %s", err)
	}
	return diag.FromErr(setDropletData(d, droplet))
}

func setDropletData(d *schema.ResourceData, droplet *godo.Droplet) error {
	if droplet.Region == nil || droplet.Size == nil || droplet.Networks == nil {
		return missing("droplet.{region,size,networks}")
	}
	d.SetId(strconv.Itoa(droplet.ID))
	if err := setDroplet(d, droplet); err != nil {
		return err
	}
	return setAll(d, map[string]any{"id": droplet.ID, "image": imageName(droplet.Image)})
}

func dataDroplets() *schema.Resource {
	fields := map[string]*schema.Schema{
		"id": out(schema.TypeInt), "tags": outTexts(schema.TypeSet), "volume_ids": outTexts(schema.TypeSet),
	}
	for _, name := range []string{
		"name", "created_at", "urn", "region", "image", "size", "status", "ipv4_address", "ipv4_address_private", "vpc_uuid",
	} {
		fields[name] = out(schema.TypeString)
	}
	for _, name := range []string{"disk", "vcpus", "memory"} {
		fields[name] = out(schema.TypeInt)
	}
	return listing("droplets", fields, func(ctx context.Context, c *cloud) ([]map[string]any, error) {
		droplets, err := listAll(func(o *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) { return c.Droplets.List(ctx, o) })
		if err != nil {
			return nil, err
		}
		var flat []map[string]any
		for i := range droplets {
			d := &droplets[i]
			if d.Region == nil || d.Size == nil || d.Networks == nil {
				return nil, missing("droplet.{region,size,networks}")
			}
			flat = append(flat, map[string]any{
				"id": d.ID, "name": d.Name, "created_at": d.Created, "urn": d.URN(), "region": d.Region.Slug, "image": imageName(d.Image),
				"size": d.Size.Slug, "status": d.Status, "ipv4_address": addressOf(d, "public"),
				"ipv4_address_private": addressOf(d, "private"), "vpc_uuid": d.VPCUUID, "disk": d.Disk, "vcpus": d.Vcpus,
				"memory": d.Memory, "tags": d.Tags, "volume_ids": d.VolumeIDs,
			})
		}
		return flat, nil
	})
}
