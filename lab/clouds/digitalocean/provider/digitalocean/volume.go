package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/id"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

func resourceVolume() *schema.Resource {
	return &schema.Resource{
		CreateContext: createVolume,
		ReadContext:   readVolume,
		UpdateContext: updateVolume,
		DeleteContext: deleteVolume,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
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
	}
}

func createVolume(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	kind := d.Get("initial_filesystem_type").(string)
	if kind == "" {
		kind = d.Get("filesystem_type").(string)
	}
	volume, _, err := m.(*cloud).Storage.CreateVolume(ctx, &godo.VolumeCreateRequest{
		Region:          lower(d.Get("region")),
		Name:            d.Get("name").(string),
		Description:     d.Get("description").(string),
		SizeGigaBytes:   int64(d.Get("size").(int)),
		SnapshotID:      d.Get("snapshot_id").(string),
		FilesystemType:  kind,
		FilesystemLabel: d.Get("initial_filesystem_label").(string),
		Tags:            stringsOf(d.Get("tags")),
	})
	if err != nil {
		return diag.Errorf("Error creating Volume: %s", err)
	}
	if volume == nil {
		return diag.FromErr(missing("volume"))
	}
	d.SetId(volume.ID)
	return readVolume(ctx, d, m)
}

func readVolume(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	volume, resp, err := m.(*cloud).Storage.GetVolume(ctx, d.Id())
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error retrieving volume: %s", err)
	}
	if volume == nil {
		return diag.FromErr(missing("volume"))
	}
	if volume.Region == nil {
		return diag.FromErr(missing("volume.region"))
	}
	return diag.FromErr(setAll(d, map[string]any{
		"name": volume.Name, "region": volume.Region.Slug, "size": int(volume.SizeGigaBytes),
		"description": volume.Description, "urn": volume.URN(), "tags": volume.Tags, "droplet_ids": volume.DropletIDs,
		"filesystem_type": volume.FilesystemType, "filesystem_label": volume.FilesystemLabel,
	}))
}

func updateVolume(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	if d.HasChange("size") {
		action, _, err := c.StorageActions.Resize(ctx, d.Id(), d.Get("size").(int), d.Get("region").(string))
		if err == nil {
			err = c.awaitAction(ctx, action)
		}
		if err != nil {
			return diag.Errorf("Error resizing volume (%s): %s", d.Id(), err)
		}
	}
	if d.HasChange("tags") {
		if err := c.changeTags(ctx, d, godo.VolumeResourceType); err != nil {
			return diag.Errorf("Error updating tags: %s", err)
		}
	}
	return readVolume(ctx, d, m)
}

func deleteVolume(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	if _, err := m.(*cloud).Storage.DeleteVolume(ctx, d.Id()); err != nil {
		return diag.Errorf("Error deleting volume: %s", err)
	}
	return nil
}

// attachLimit bounds how long a droplet that is busy with something else is waited for.
const attachLimit = 5 * time.Minute

func resourceVolumeAttachment() *schema.Resource {
	return &schema.Resource{
		CreateContext: createVolumeAttachment,
		ReadContext:   readVolumeAttachment,
		DeleteContext: deleteVolumeAttachment,
		Schema: map[string]*schema.Schema{
			"droplet_id": {Type: schema.TypeInt, Required: true, ForceNew: true},
			"volume_id":  {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
		},
	}
}

// attachedTo says whether the first droplet a volume names is this one; the others are not looked at.
func attachedTo(volume *godo.Volume, droplet int) bool {
	return len(volume.DropletIDs) > 0 && volume.DropletIDs[0] == droplet
}

// whenIdle repeats a volume action for as long as the droplet has another one pending.
func (c *cloud) whenIdle(ctx context.Context, start func() (*godo.Action, *godo.Response, error)) error {
	var action *godo.Action
	err := retry.RetryContext(ctx, attachLimit, func() *retry.RetryError {
		var err error
		action, _, err = start()
		if statusOf(err) == http.StatusUnprocessableEntity && strings.Contains(err.Error(), "Droplet already has a pending event.") {
			return retry.RetryableError(err)
		}
		if err != nil {
			return retry.NonRetryableError(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.awaitAction(ctx, action)
}

func createVolumeAttachment(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	droplet, volumeID := d.Get("droplet_id").(int), d.Get("volume_id").(string)
	volume, _, err := c.Storage.GetVolume(ctx, volumeID)
	if err != nil {
		return diag.Errorf("Error retrieving volume: %s", err)
	}
	if volume == nil {
		return diag.FromErr(missing("volume"))
	}
	if !attachedTo(volume, droplet) {
		err := c.whenIdle(ctx, func() (*godo.Action, *godo.Response, error) {
			return c.StorageActions.Attach(ctx, volumeID, droplet)
		})
		if err != nil {
			return diag.Errorf("Error attaching volume to droplet: %s", err)
		}
	}
	d.SetId(id.PrefixedUniqueId(fmt.Sprintf("%d-%s-", droplet, volumeID)))
	return nil
}

func readVolumeAttachment(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	volume, resp, err := m.(*cloud).Storage.GetVolume(ctx, d.Get("volume_id").(string))
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error retrieving volume: %s", err)
	}
	if volume == nil {
		return diag.FromErr(missing("volume"))
	}
	if !attachedTo(volume, d.Get("droplet_id").(int)) {
		d.SetId("")
	}
	return nil
}

func deleteVolumeAttachment(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	err := c.whenIdle(ctx, func() (*godo.Action, *godo.Response, error) {
		return c.StorageActions.DetachByDropletID(ctx, d.Get("volume_id").(string), d.Get("droplet_id").(int))
	})
	if err != nil {
		return diag.Errorf("Error detaching volume from droplet: %s", err)
	}
	return nil
}
