package digitalocean

import (
	"context"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

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
