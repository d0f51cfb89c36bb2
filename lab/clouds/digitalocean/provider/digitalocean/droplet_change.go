package digitalocean

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func updateDroplet(ctx context.Context, c *cloud, d *schema.ResourceData) error {
	id, err := numberOf(d)
	if err != nil {
		return err
	}
	limit := d.Timeout(schema.TimeoutUpdate)
	// GetChange keeps the planned values, while Get returns what was read in between.
	if d.HasChange("size") {
		_, size := d.GetChange("size")
		if err := c.resizeDroplet(ctx, d, id, size.(string), limit); err != nil {
			return err
		}
	}
	if d.HasChange("name") {
		old, name := d.GetChange("name")
		if _, _, err := c.DropletActions.Rename(ctx, id, name.(string)); err != nil {
			return sentencef("Error renaming droplet (%s): %w", d.Id(), err)
		}
		nameOf := func(droplet *godo.Droplet) string { return droplet.Name }
		if err := c.awaitDroplet(ctx, d, limit, []string{"", old.(string)}, name.(string), nameOf); err != nil {
			return sentencef("Error waiting for rename droplet (%s) to finish: %w", d.Id(), err)
		}
	}
	if err := c.changeBackups(ctx, d, id); err != nil {
		return err
	}
	if d.HasChange("ipv6") && d.Get("ipv6").(bool) {
		if _, _, err := c.DropletActions.EnableIPv6(ctx, id); err != nil {
			return sentencef("Error turning on ipv6 for droplet (%s): %w", d.Id(), err)
		}
		hasIPv6 := func(droplet *godo.Droplet) string { return strconv.FormatBool(contains(droplet.Features, "ipv6")) }
		if err := c.awaitDroplet(ctx, d, limit, []string{"", "false"}, "true", hasIPv6); err != nil {
			return sentencef("Error waiting for ipv6 to be turned on for droplet (%s): %w", d.Id(), err)
		}
	}
	if err := c.changeTags(ctx, d, godo.DropletResourceType); err != nil {
		return err
	}
	return c.changeVolumes(ctx, d, id)
}

func (c *cloud) resizeDroplet(ctx context.Context, d *schema.ResourceData, id int, size string, limit time.Duration) error {
	if _, _, err := c.DropletActions.PowerOff(ctx, id); err != nil && !strings.Contains(err.Error(), "Droplet is already powered off") {
		return sentencef("Error powering off droplet (%d): %w", id, err)
	}
	if err := c.awaitDroplet(ctx, d, limit, []string{"active"}, "off", statusOfDroplet); err != nil {
		return sentencef("Error waiting for droplet (%d) to become powered off: %w", id, err)
	}
	action, _, err := c.DropletActions.Resize(ctx, id, size, d.Get("resize_disk").(bool))
	if err == nil {
		err = c.awaitAction(ctx, action)
	}
	// Powered on again even if the resize failed.
	if _, _, onErr := c.DropletActions.PowerOn(ctx, id); onErr != nil {
		return sentencef("Error powering on droplet (%d) after resize: %w", id, onErr)
	}
	if onErr := c.awaitDroplet(ctx, d, limit, []string{"off"}, "active", statusOfDroplet); onErr != nil {
		return onErr
	}
	if err != nil {
		return sentencef("Error resizing droplet (%d): %w", id, err)
	}
	return nil
}

func (c *cloud) changeBackups(ctx context.Context, d *schema.ResourceData, id int) error {
	var action *godo.Action
	var err error
	policy := backupPolicyOf(d)
	switch {
	case d.HasChange("backups") && d.Get("backups").(bool) && policy != nil:
		action, _, err = c.DropletActions.EnableBackupsWithPolicy(ctx, id, policy)
	case d.HasChange("backups") && d.Get("backups").(bool):
		action, _, err = c.DropletActions.EnableBackups(ctx, id)
	case d.HasChange("backups"):
		action, _, err = c.DropletActions.DisableBackups(ctx, id)
	case d.HasChange("backup_policy") && policy != nil:
		action, _, err = c.DropletActions.ChangeBackupPolicy(ctx, id, policy)
	default:
		return nil
	}
	if err == nil {
		err = c.awaitAction(ctx, action)
	}
	if err != nil {
		return sentencef("Error changing the backups of droplet (%d): %w", id, err)
	}
	return nil
}

func (c *cloud) changeVolumes(ctx context.Context, d *schema.ResourceData, id int) error {
	before, after := d.GetChange("volume_ids")
	old, wanted := before.(*schema.Set), after.(*schema.Set)
	for _, volume := range stringsOf(wanted.Difference(old)) {
		action, _, err := c.StorageActions.Attach(ctx, volume, id)
		if err == nil {
			err = c.awaitAction(ctx, action)
		}
		if err != nil {
			return sentencef("Error attaching volume %q to droplet (%d): %w", volume, id, err)
		}
	}
	return c.detachVolumes(ctx, id, stringsOf(old.Difference(wanted)))
}

func (c *cloud) detachVolumes(ctx context.Context, id int, volumes []string) error {
	for _, volume := range volumes {
		action, _, err := c.StorageActions.DetachByDropletID(ctx, volume, id)
		if err == nil {
			err = c.awaitAction(ctx, action)
		}
		if err != nil {
			return sentencef("Error detaching volume %q from droplet (%d): %w", volume, id, err)
		}
	}
	return nil
}

func deleteDroplet(ctx context.Context, c *cloud, d *schema.ResourceData) error {
	id, err := numberOf(d)
	if err != nil {
		return err
	}
	limit := d.Timeout(schema.TimeoutDelete)
	unlocked := func(droplet *godo.Droplet) string { return strconv.FormatBool(droplet.Locked) }
	if err := c.awaitDroplet(ctx, d, limit, []string{"true"}, "false", unlocked); err != nil {
		return sentencef("Error waiting for droplet to be unlocked for destroy (%s): %w", d.Id(), err)
	}
	if d.Get("graceful_shutdown").(bool) {
		if _, _, err := c.DropletActions.Shutdown(ctx, id); err != nil {
			return sentencef("Error shutting down droplet (%s): %w", d.Id(), err)
		}
		if err := c.awaitDroplet(ctx, d, limit, []string{"active"}, "off", statusOfDroplet); err != nil {
			return sentencef("Error waiting for droplet (%s) to shut down: %w", d.Id(), err)
		}
	}
	if err := c.detachVolumes(ctx, id, stringsOf(d.Get("volume_ids"))); err != nil {
		return err
	}
	resp, err := c.Droplets.Delete(ctx, id)
	if err != nil && notFound(resp) {
		return nil
	}
	if err != nil && statusOf(err) == 0 {
		return sentencef("Error deleting droplet (%s): %w", d.Id(), err)
	}
	// Any other error is ignored; it shows only if the droplet does not disappear.
	return c.awaitGone(ctx, d)
}

func (c *cloud) awaitGone(ctx context.Context, d *schema.ResourceData) error {
	err := c.waits.ordinary.until(ctx, goneLimit, []string{"active", "off"}, "archive", func() (any, string, error) {
		droplet, _, err := c.getDroplet(ctx, d.Id())
		switch {
		case err != nil && strings.Contains(err.Error(), "404"):
			// By the text and not the status: an id that contains 404 misleads the original too.
			return d, "archive", nil
		case err != nil:
			return nil, "", err
		case droplet.Locked:
			return nil, "", nil
		default:
			return droplet, droplet.Status, nil
		}
	})
	if err != nil {
		return sentencef("Error waiting for droplet (%s) to be destroyed: %w", d.Id(), err)
	}
	return nil
}
