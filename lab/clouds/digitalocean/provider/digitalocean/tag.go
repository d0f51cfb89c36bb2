package digitalocean

import (
	"context"
	"fmt"
	"regexp"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

var tagName = validation.StringMatch(regexp.MustCompile(`^[a-zA-Z0-9:\-_]{1,255}$`),
	"tags may contain letters, digits, colons, dashes and underscores, at most 255 of them")

// tagsSchema is the set of tags on a resource. Case does not matter there, though it does in the tag resource.
func tagsSchema() *schema.Schema {
	return &schema.Schema{
		Type: schema.TypeSet, Optional: true,
		Elem: &schema.Schema{Type: schema.TypeString, ValidateFunc: tagName},
		Set:  func(v any) int { return schema.HashString(lower(v)) },
	}
}

func counter() *schema.Schema { return &schema.Schema{Type: schema.TypeInt, Computed: true} }

var tags = kind[godo.Tag]{
	noun: "tag", key: "tag",
	schema: &schema.Resource{Schema: map[string]*schema.Schema{
		"name":                   {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: tagName},
		"total_resource_count":   counter(),
		"droplets_count":         counter(),
		"images_count":           counter(),
		"volumes_count":          counter(),
		"volume_snapshots_count": counter(),
		"databases_count":        counter(),
	}},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Tag, error) {
		tag, _, err := c.Tags.Create(ctx, &godo.TagCreateRequest{Name: d.Get("name").(string)})
		return tag, err
	},
	id: func(_ *schema.ResourceData, tag *godo.Tag) string { return tag.Name },
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Tag, *godo.Response, error) {
		return c.Tags.Get(ctx, d.Id())
	},
	set: setTag,
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		_, err := c.Tags.Delete(ctx, d.Id())
		return err
	},
}

func setTag(d *schema.ResourceData, tag *godo.Tag) error {
	r := tag.Resources
	switch {
	case r == nil:
		return missing("tag.resources")
	case r.Droplets == nil, r.Images == nil, r.Volumes == nil, r.VolumeSnapshots == nil, r.Databases == nil:
		return missing("tag.resources.{droplets,images,volumes,volume_snapshots,databases}")
	}
	return setAll(d, map[string]any{
		"name":                   tag.Name,
		"total_resource_count":   r.Count,
		"droplets_count":         r.Droplets.Count,
		"images_count":           r.Images.Count,
		"volumes_count":          r.Volumes.Count,
		"volume_snapshots_count": r.VolumeSnapshots.Count,
		"databases_count":        r.Databases.Count,
	})
}

// changeTags takes removed tags off a resource, then creates the added ones and puts them on.
func (c *cloud) changeTags(ctx context.Context, d *schema.ResourceData, kind godo.ResourceType) error {
	before, after := d.GetChange("tags")
	old, wanted := before.(*schema.Set), after.(*schema.Set)
	it := []godo.Resource{{ID: d.Id(), Type: kind}}
	for _, tag := range stringsOf(old.Difference(wanted)) {
		if _, err := c.Tags.UntagResources(ctx, tag, &godo.UntagResourcesRequest{Resources: it}); err != nil {
			return fmt.Errorf("removing tag %s: %w", tag, err)
		}
	}
	for _, name := range stringsOf(wanted.Difference(old)) {
		// Created without looking first: the API answers with an existing tag.
		tag, _, err := c.Tags.Create(ctx, &godo.TagCreateRequest{Name: name})
		if err != nil {
			return fmt.Errorf("creating tag %s: %w", name, err)
		}
		if tag == nil {
			return missing("tag")
		}
		if _, err := c.Tags.TagResources(ctx, tag.Name, &godo.TagResourcesRequest{Resources: it}); err != nil {
			return fmt.Errorf("adding tag %s: %w", tag.Name, err)
		}
	}
	return nil
}
