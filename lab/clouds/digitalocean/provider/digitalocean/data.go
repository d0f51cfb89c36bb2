package digitalocean

import (
	"context"
	"fmt"
	"strconv"
	"strings"

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

// only is the one thing that passes; none and several are errors.
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
			// The number itself, unlike the id of the resource.
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

func dataImage() *schema.Resource {
	names := []string{"id", "name", "slug"}
	return &schema.Resource{
		Schema: map[string]*schema.Schema{
			"id": either(schema.TypeInt, names...), "name": either(schema.TypeString, names...), "slug": either(schema.TypeString, names...),
			"source": {Type: schema.TypeString, Optional: true, Default: "user"},
			"image":  out(schema.TypeString), "distribution": out(schema.TypeString), "private": out(schema.TypeBool),
			"type": out(schema.TypeString), "created": out(schema.TypeString), "description": out(schema.TypeString),
			"status": out(schema.TypeString), "error_message": out(schema.TypeString), "min_disk_size": out(schema.TypeInt),
			"size_gigabytes": out(schema.TypeFloat), "regions": outTexts(schema.TypeSet), "tags": outTexts(schema.TypeSet),
		},
		ReadContext: readImageData,
	}
}

func readImageData(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	images := m.(*cloud).Images
	var image *godo.Image
	var err error
	if id, ok := d.GetOk("id"); ok {
		image, _, err = images.GetByID(ctx, id.(int))
	} else if slug, ok := d.GetOk("slug"); ok {
		image, _, err = images.GetBySlug(ctx, slug.(string))
	} else {
		list := images.ListUser
		switch source := d.Get("source").(string); source {
		case "user":
		case "all":
			list = images.List
		case "distributions":
			list = images.ListDistribution
		case "applications":
			list = images.ListApplication
		default:
			return diag.Errorf("Illegal state: source=%s", source)
		}
		var all []godo.Image
		all, err = listAll(func(o *godo.ListOptions) ([]godo.Image, *godo.Response, error) { return list(ctx, o) })
		if err == nil {
			var found godo.Image
			found, err = only(all, "image", func(i godo.Image) bool { return i.Name == d.Get("name").(string) })
			image = &found
		}
	}
	if err == nil && image == nil {
		err = missing("image")
	}
	if err != nil {
		return diag.Errorf("Error retrieving image: %s", err)
	}
	d.SetId(strconv.Itoa(image.ID))
	return diag.FromErr(setAll(d, map[string]any{
		"id": image.ID, "name": image.Name, "slug": image.Slug, "image": strconv.Itoa(image.ID),
		"distribution": image.Distribution, "private": !image.Public, "type": image.Type, "created": image.Created,
		"description": image.Description, "status": image.Status, "error_message": image.ErrorMessage,
		"min_disk_size": image.MinDiskSize, "size_gigabytes": image.SizeGigaBytes, "regions": image.Regions, "tags": image.Tags,
	}))
}

func (c *cloud) allRegions(ctx context.Context) ([]godo.Region, error) {
	return listAll(func(o *godo.ListOptions) ([]godo.Region, *godo.Response, error) { return c.Regions.List(ctx, o) })
}

func regionFields() map[string]*schema.Schema {
	return map[string]*schema.Schema{
		"slug": out(schema.TypeString), "name": out(schema.TypeString), "available": out(schema.TypeBool),
		"sizes": outTexts(schema.TypeSet), "features": outTexts(schema.TypeSet),
	}
}

func flatRegion(r godo.Region) map[string]any {
	return map[string]any{"slug": r.Slug, "name": r.Name, "available": r.Available, "sizes": r.Sizes, "features": r.Features}
}

func dataRegion() *schema.Resource {
	s := regionFields()
	s["slug"] = &schema.Schema{Type: schema.TypeString, Required: true}
	return &schema.Resource{
		Schema: s,
		ReadContext: func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
			regions, err := m.(*cloud).allRegions(ctx)
			if err != nil {
				return diag.Errorf("Unable to load regions: %s", err)
			}
			for _, region := range regions {
				if region.Slug == d.Get("slug").(string) {
					d.SetId(region.Slug)
					return diag.FromErr(setAll(d, flatRegion(region)))
				}
			}
			return diag.Errorf("Region does not exist: %s", d.Get("slug"))
		},
	}
}

func dataRegions() *schema.Resource {
	return listing("regions", regionFields(), func(ctx context.Context, c *cloud) ([]map[string]any, error) {
		regions, err := c.allRegions(ctx)
		if err != nil {
			return nil, err
		}
		var flat []map[string]any
		for _, region := range regions {
			flat = append(flat, flatRegion(region))
		}
		return flat, nil
	})
}

func dataSizes() *schema.Resource {
	fields := map[string]*schema.Schema{
		"slug": out(schema.TypeString), "available": out(schema.TypeBool), "transfer": out(schema.TypeFloat),
		"price_monthly": out(schema.TypeFloat), "price_hourly": out(schema.TypeFloat), "memory": out(schema.TypeInt),
		"vcpus": out(schema.TypeInt), "disk": out(schema.TypeInt), "regions": outTexts(schema.TypeSet),
	}
	return listing("sizes", fields, func(ctx context.Context, c *cloud) ([]map[string]any, error) {
		sizes, err := listAll(func(o *godo.ListOptions) ([]godo.Size, *godo.Response, error) { return c.Sizes.List(ctx, o) })
		if err != nil {
			return nil, err
		}
		var flat []map[string]any
		for _, s := range sizes {
			flat = append(flat, map[string]any{
				"slug": strings.ToLower(s.Slug), "available": s.Available, "transfer": s.Transfer, "price_monthly": s.PriceMonthly,
				"price_hourly": s.PriceHourly, "memory": s.Memory, "vcpus": s.Vcpus, "disk": s.Disk, "regions": s.Regions,
			})
		}
		return flat, nil
	})
}
