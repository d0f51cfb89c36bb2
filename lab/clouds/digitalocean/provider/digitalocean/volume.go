package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/id"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

var volumes = kind[godo.Volume]{
	noun: "volume", key: "volume",
	schema: &schema.Resource{
		Schema: map[string]*schema.Schema{
			"region":                   {Type: schema.TypeString, Required: true, ForceNew: true, StateFunc: lower},
			"name":                     {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
			"size":                     {Type: schema.TypeInt, Required: true, ValidateFunc: validation.IntAtLeast(1)},
			"description":              {Type: schema.TypeString, Optional: true, ForceNew: true},
			"snapshot_id":              {Type: schema.TypeString, Optional: true, ForceNew: true},
			"initial_filesystem_type":  {Type: schema.TypeString, Optional: true, ForceNew: true, ValidateFunc: validation.StringInSlice([]string{"ext4", "xfs"}, false)},
			"initial_filesystem_label": {Type: schema.TypeString, Optional: true, ForceNew: true},
			"filesystem_type": {
				Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true,
				ConflictsWith: []string{"initial_filesystem_type"},
				Deprecated:    "This field functionality has been replaced by `initial_filesystem_type`.",
			},
			"filesystem_label": {Type: schema.TypeString, Computed: true},
			"tags":             tagsSchema(),
			"urn":              {Type: schema.TypeString, Computed: true},
			"droplet_ids":      {Type: schema.TypeSet, Computed: true, Elem: &schema.Schema{Type: schema.TypeInt}},
		},
		CustomizeDiff: func(_ context.Context, diff *schema.ResourceDiff, _ any) error {
			if old, wanted := diff.GetChange("size"); diff.Id() != "" && wanted.(int) < old.(int) {
				return errors.New("volumes `size` can only be expanded and not shrunk")
			}
			return nil
		},
	},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Volume, error) {
		filesystem := d.Get("initial_filesystem_type").(string)
		if filesystem == "" {
			filesystem = d.Get("filesystem_type").(string)
		}
		volume, _, err := c.Storage.CreateVolume(ctx, &godo.VolumeCreateRequest{
			Region:          lower(d.Get("region")),
			Name:            d.Get("name").(string),
			Description:     d.Get("description").(string),
			SizeGigaBytes:   int64(d.Get("size").(int)),
			SnapshotID:      d.Get("snapshot_id").(string),
			FilesystemType:  filesystem,
			FilesystemLabel: d.Get("initial_filesystem_label").(string),
			Tags:            stringsOf(d.Get("tags")),
		})
		return volume, err
	},
	id: func(_ *schema.ResourceData, volume *godo.Volume) string { return volume.ID },
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Volume, *godo.Response, error) {
		return c.Storage.GetVolume(ctx, d.Id())
	},
	set: func(d *schema.ResourceData, volume *godo.Volume) error {
		if volume.Region == nil {
			return missing("volume.region")
		}
		return setAll(d, map[string]any{
			"name": volume.Name, "region": volume.Region.Slug, "size": int(volume.SizeGigaBytes),
			"description": volume.Description, "urn": volume.URN(), "tags": volume.Tags, "droplet_ids": volume.DropletIDs,
			"filesystem_type": volume.FilesystemType, "filesystem_label": volume.FilesystemLabel,
		})
	},
	update: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		if d.HasChange("size") {
			action, _, err := c.StorageActions.Resize(ctx, d.Id(), d.Get("size").(int), d.Get("region").(string))
			if err == nil {
				err = c.awaitAction(ctx, action)
			}
			if err != nil {
				return sentencef("Error resizing volume (%s): %w", d.Id(), err)
			}
		}
		return c.changeTags(ctx, d, godo.VolumeResourceType)
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		_, err := c.Storage.DeleteVolume(ctx, d.Id())
		return err
	},
}

var volumeAttachments = kind[godo.Volume]{
	noun: "attachment of a volume", key: "volume", notReadBack: true, notImportable: true,
	schema: &schema.Resource{Schema: map[string]*schema.Schema{
		"droplet_id": {Type: schema.TypeInt, Required: true, ForceNew: true},
		"volume_id":  {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
	}},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Volume, error) {
		volume, _, err := getAttachedVolume(ctx, c, d)
		if err != nil || volume == nil {
			return nil, err
		}
		if droplet := d.Get("droplet_id").(int); !attachedTo(volume, droplet) {
			err = c.whenIdle(ctx, func() (*godo.Action, *godo.Response, error) {
				return c.StorageActions.Attach(ctx, volume.ID, droplet)
			})
		}
		return volume, err
	},
	id: func(d *schema.ResourceData, volume *godo.Volume) string {
		return id.PrefixedUniqueId(fmt.Sprintf("%d-%s-", d.Get("droplet_id").(int), volume.ID))
	},
	get: getAttachedVolume,
	set: func(d *schema.ResourceData, volume *godo.Volume) error {
		if !attachedTo(volume, d.Get("droplet_id").(int)) {
			d.SetId("")
		}
		return nil
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		return c.whenIdle(ctx, func() (*godo.Action, *godo.Response, error) {
			return c.StorageActions.DetachByDropletID(ctx, d.Get("volume_id").(string), d.Get("droplet_id").(int))
		})
	},
}

func getAttachedVolume(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Volume, *godo.Response, error) {
	return c.Storage.GetVolume(ctx, d.Get("volume_id").(string))
}

// attachedTo says whether the first droplet of a volume is this one; others are ignored, as in the original.
func attachedTo(volume *godo.Volume, droplet int) bool {
	return len(volume.DropletIDs) > 0 && volume.DropletIDs[0] == droplet
}

// attachLimit bounds the wait for a droplet with another action pending.
const attachLimit = 5 * time.Minute

// whenIdle repeats a volume action while the droplet has another one pending.
func (c *cloud) whenIdle(ctx context.Context, start func() (*godo.Action, *godo.Response, error)) error {
	var action *godo.Action
	busy := func(err error) bool {
		return statusOf(err) == http.StatusUnprocessableEntity && strings.Contains(err.Error(), "Droplet already has a pending event.")
	}
	err := whileRefused(ctx, attachLimit, busy, func() error {
		var err error
		action, _, err = start()
		return err
	})
	if err != nil {
		return err
	}
	return c.awaitAction(ctx, action)
}
