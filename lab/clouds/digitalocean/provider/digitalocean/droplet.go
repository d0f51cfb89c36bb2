package digitalocean

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/customdiff"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// goneLimit bounds the wait for a deleted droplet to be gone, whatever the configured time-out.
const goneLimit = time.Minute

func resourceDroplet() *schema.Resource {
	computed := func(t schema.ValueType) *schema.Schema { return &schema.Schema{Type: t, Computed: true} }
	return &schema.Resource{
		CreateContext: createDroplet,
		ReadContext:   readDroplet,
		UpdateContext: updateDroplet,
		DeleteContext: deleteDroplet,
		Importer:      &schema.ResourceImporter{StateContext: importDroplet},
		Timeouts: &schema.ResourceTimeout{
			Create: schema.DefaultTimeout(time.Hour),
			Update: schema.DefaultTimeout(time.Hour),
			Delete: schema.DefaultTimeout(time.Minute),
		},
		Schema: map[string]*schema.Schema{
			"name":  {Type: schema.TypeString, Required: true, ValidateFunc: validation.NoZeroValues},
			"image": {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
			"region": {
				Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true, StateFunc: lower,
			},
			"size":                 {Type: schema.TypeString, Required: true, StateFunc: lower},
			"backups":              {Type: schema.TypeBool, Optional: true, Default: false},
			"backup_policy":        backupPolicySchema(),
			"ipv6":                 {Type: schema.TypeBool, Optional: true},
			"ipv6_address":         {Type: schema.TypeString, Optional: true, Computed: true},
			"monitoring":           {Type: schema.TypeBool, Optional: true, ForceNew: true, Default: false},
			"private_networking":   {Type: schema.TypeBool, Optional: true, Computed: true, ForceNew: true},
			"droplet_agent":        {Type: schema.TypeBool, Optional: true, ForceNew: true},
			"graceful_shutdown":    {Type: schema.TypeBool, Optional: true, Default: false},
			"resize_disk":          {Type: schema.TypeBool, Optional: true, Default: true},
			"vpc_uuid":             {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true},
			"tags":                 tagsSchema(),
			"user_data":            {Type: schema.TypeString, Optional: true, ForceNew: true, StateFunc: sha1Hex},
			"ssh_keys":             {Type: schema.TypeSet, Optional: true, ForceNew: true, Elem: &schema.Schema{Type: schema.TypeString, ValidateFunc: validation.NoZeroValues}},
			"volume_ids":           {Type: schema.TypeSet, Optional: true, Computed: true, Elem: &schema.Schema{Type: schema.TypeString}},
			"urn":                  computed(schema.TypeString),
			"created_at":           computed(schema.TypeString),
			"status":               computed(schema.TypeString),
			"locked":               computed(schema.TypeBool),
			"memory":               computed(schema.TypeInt),
			"vcpus":                computed(schema.TypeInt),
			"disk":                 computed(schema.TypeInt),
			"price_hourly":         computed(schema.TypeFloat),
			"price_monthly":        computed(schema.TypeFloat),
			"ipv4_address":         computed(schema.TypeString),
			"ipv4_address_private": computed(schema.TypeString),
		},
		CustomizeDiff: customdiff.All(
			// IPv6 can be switched on but not off.
			customdiff.ForceNewIfChange("ipv6", func(_ context.Context, old, wanted, _ any) bool {
				return old.(bool) && !wanted.(bool)
			}),
		),
	}
}

func backupPolicySchema() *schema.Schema {
	return &schema.Schema{
		Type: schema.TypeList, Optional: true, MaxItems: 1, RequiredWith: []string{"backups"},
		Elem: &schema.Resource{Schema: map[string]*schema.Schema{
			"plan": {Type: schema.TypeString, Optional: true, ValidateFunc: validation.StringInSlice([]string{"daily", "weekly"}, false)},
			"weekday": {
				Type: schema.TypeString, Optional: true,
				ValidateFunc: validation.StringInSlice([]string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, false),
			},
			"hour": {Type: schema.TypeInt, Optional: true, ValidateFunc: validation.IntInSlice([]int{0, 4, 8, 12, 16, 20})},
		}},
	}
}

// User data may hold secrets and is long: the state has only its hash, and the API is never asked for it.
func sha1Hex(v any) string {
	sum := sha1.Sum([]byte(v.(string)))
	return hex.EncodeToString(sum[:])
}

func importDroplet(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	if _, err := strconv.Atoi(d.Id()); err != nil {
		return nil, fmt.Errorf("invalid droplet id: %w", err)
	}
	return []*schema.ResourceData{d}, d.Set("resize_disk", true)
}

func createDroplet(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	request := &godo.DropletCreateRequest{
		Name:              d.Get("name").(string),
		Region:            d.Get("region").(string),
		Size:              d.Get("size").(string),
		Image:             imageOf(d.Get("image").(string)),
		SSHKeys:           sshKeysOf(d.Get("ssh_keys")),
		Backups:           d.Get("backups").(bool),
		IPv6:              d.Get("ipv6").(bool),
		PrivateNetworking: d.Get("private_networking").(bool),
		Monitoring:        d.Get("monitoring").(bool),
		UserData:          d.Get("user_data").(string),
		Tags:              stringsOf(d.Get("tags")),
		VPCUUID:           d.Get("vpc_uuid").(string),
		BackupPolicy:      backupPolicyOf(d),
	}
	for _, id := range stringsOf(d.Get("volume_ids")) {
		request.Volumes = append(request.Volumes, godo.DropletCreateVolume{ID: id})
	}
	// Not set, false and true are three different wishes, and Get cannot tell the first two apart.
	if config := d.GetRawConfig(); !config.IsNull() && config.IsKnown() {
		if agent := config.GetAttr("droplet_agent"); agent.IsKnown() && !agent.IsNull() {
			wanted := agent.True()
			request.WithDropletAgent = &wanted
		}
	}
	droplet, _, err := c.Droplets.Create(ctx, request)
	if err != nil {
		return diag.Errorf("Error creating droplet: %s", err)
	}
	if droplet == nil {
		return diag.FromErr(missing("droplet"))
	}
	d.SetId(strconv.Itoa(droplet.ID))
	if err := c.awaitDroplet(ctx, d, d.Timeout(schema.TimeoutCreate), []string{"new"}, "active", statusOfDroplet); err != nil {
		return diag.Errorf("Error waiting for droplet (%s) to become ready: %s", d.Id(), err)
	}
	return nil
}

func imageOf(text string) godo.DropletCreateImage {
	if id, err := strconv.Atoi(text); err == nil {
		return godo.DropletCreateImage{ID: id}
	}
	return godo.DropletCreateImage{Slug: text}
}

func sshKeysOf(set any) []godo.DropletCreateSSHKey {
	var keys []godo.DropletCreateSSHKey
	for _, text := range stringsOf(set) {
		if id, err := strconv.Atoi(text); err == nil {
			keys = append(keys, godo.DropletCreateSSHKey{ID: id})
		} else {
			keys = append(keys, godo.DropletCreateSSHKey{Fingerprint: text})
		}
	}
	return keys
}

func backupPolicyOf(d *schema.ResourceData) *godo.DropletBackupPolicyRequest {
	list := d.Get("backup_policy").([]any)
	if len(list) == 0 || list[0] == nil {
		return nil
	}
	policy := list[0].(map[string]any)
	hour := policy["hour"].(int)
	return &godo.DropletBackupPolicyRequest{
		Plan: policy["plan"].(string), Weekday: policy["weekday"].(string), Hour: &hour,
	}
}

func readDroplet(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	droplet, resp, err := m.(*cloud).getDroplet(ctx, d.Id())
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error retrieving droplet: %s", err)
	}
	return diag.FromErr(setDroplet(d, droplet))
}

func (c *cloud) getDroplet(ctx context.Context, id string) (*godo.Droplet, *godo.Response, error) {
	number, err := strconv.Atoi(id)
	if err != nil {
		return nil, nil, fmt.Errorf("invalid droplet id: %w", err)
	}
	droplet, resp, err := c.Droplets.Get(ctx, number)
	switch {
	case err != nil:
		return nil, resp, err
	case droplet == nil:
		return nil, resp, missing("droplet")
	case droplet.Region == nil:
		return nil, resp, missing("droplet.region")
	case droplet.Size == nil:
		return nil, resp, missing("droplet.size")
	case droplet.Networks == nil:
		return nil, resp, missing("droplet.networks")
	}
	return droplet, resp, nil
}

func setDroplet(d *schema.ResourceData, droplet *godo.Droplet) error {
	values := map[string]any{
		"name":                 droplet.Name,
		"urn":                  droplet.URN(),
		"region":               droplet.Region.Slug,
		"size":                 droplet.Size.Slug,
		"price_hourly":         droplet.Size.PriceHourly,
		"price_monthly":        droplet.Size.PriceMonthly,
		"disk":                 droplet.Disk,
		"vcpus":                droplet.Vcpus,
		"memory":               droplet.Memory,
		"status":               droplet.Status,
		"locked":               droplet.Locked,
		"created_at":           droplet.Created,
		"vpc_uuid":             droplet.VPCUUID,
		"volume_ids":           droplet.VolumeIDs,
		"tags":                 droplet.Tags,
		"ipv4_address":         addressOf(droplet, "public"),
		"ipv4_address_private": addressOf(droplet, "private"),
	}
	if d.Id() == "" || d.Get("image").(string) == "" {
		values["image"] = imageName(droplet.Image)
	}
	// No list is no opinion, but a list, also an empty one, is the whole truth.
	if droplet.Features != nil {
		values["backups"] = contains(droplet.Features, "backups")
		values["ipv6"] = contains(droplet.Features, "ipv6")
		values["monitoring"] = contains(droplet.Features, "monitoring")
		if contains(droplet.Features, "private_networking") {
			values["private_networking"] = true
		}
	}
	for _, network := range droplet.Networks.V6 {
		if network.Type == "public" || network.Type == "" {
			values["ipv6_address"] = strings.ToLower(network.IPAddress)
		}
	}
	if address := values["ipv4_address"].(string); address != "" {
		d.SetConnInfo(map[string]string{"type": "ssh", "host": address})
	}
	return setAll(d, values)
}

func imageName(image *godo.Image) string {
	switch {
	case image == nil:
		return ""
	case image.Slug != "":
		return image.Slug
	default:
		return strconv.Itoa(image.ID)
	}
}

// An address that cannot be read is left out without a word, as the original does.
func addressOf(droplet *godo.Droplet, kind string) string {
	for _, network := range droplet.Networks.V4 {
		if network.Type == kind && net.ParseIP(network.IPAddress) != nil {
			return network.IPAddress
		}
	}
	return ""
}

type dropletState func(*godo.Droplet) string

func statusOfDroplet(droplet *godo.Droplet) string { return droplet.Status }

// awaitDroplet looks at the droplet until the state is target. Each look overwrites what the plan had for it, which is why
// a rename or resize together with backups or ipv6 takes two applies, as with the original.
func (c *cloud) awaitDroplet(
	ctx context.Context, d *schema.ResourceData, limit time.Duration, pending []string, target string, state dropletState,
) error {
	return c.waits.ordinary.until(ctx, limit, pending, target, func() (any, string, error) {
		droplet, _, err := c.getDroplet(ctx, d.Id())
		if err != nil {
			return nil, "", fmt.Errorf("retrieving droplet: %w", err)
		}
		if err := setDroplet(d, droplet); err != nil {
			return nil, "", err
		}
		if droplet.Locked {
			// A lock hides everything else.
			return nil, "", nil
		}
		return droplet, state(droplet), nil
	})
}

func updateDroplet(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	id, err := strconv.Atoi(d.Id())
	if err != nil {
		return diag.FromErr(err)
	}
	limit := d.Timeout(schema.TimeoutUpdate)
	// GetChange keeps the planned values, while Get follows what the looks in between find.
	if d.HasChange("size") {
		_, size := d.GetChange("size")
		if err := c.resizeDroplet(ctx, d, id, size.(string), limit); err != nil {
			return diag.FromErr(err)
		}
	}
	if d.HasChange("name") {
		old, name := d.GetChange("name")
		if _, _, err := c.DropletActions.Rename(ctx, id, name.(string)); err != nil {
			return diag.Errorf("Error renaming droplet (%s): %s", d.Id(), err)
		}
		nameOf := func(droplet *godo.Droplet) string { return droplet.Name }
		if err := c.awaitDroplet(ctx, d, limit, []string{"", old.(string)}, name.(string), nameOf); err != nil {
			return diag.Errorf("Error waiting for rename droplet (%s) to finish: %s", d.Id(), err)
		}
	}
	if err := c.changeBackups(ctx, d, id); err != nil {
		return diag.FromErr(err)
	}
	if d.HasChange("ipv6") && d.Get("ipv6").(bool) {
		if _, _, err := c.DropletActions.EnableIPv6(ctx, id); err != nil {
			return diag.Errorf("Error turning on ipv6 for droplet (%s): %s", d.Id(), err)
		}
		hasIPv6 := func(droplet *godo.Droplet) string { return strconv.FormatBool(contains(droplet.Features, "ipv6")) }
		if err := c.awaitDroplet(ctx, d, limit, []string{"", "false"}, "true", hasIPv6); err != nil {
			return diag.Errorf("Error waiting for ipv6 to be turned on for droplet (%s): %s", d.Id(), err)
		}
	}
	if d.HasChange("tags") {
		if err := c.changeTags(ctx, d, godo.DropletResourceType); err != nil {
			return diag.Errorf("Error updating tags: %s", err)
		}
	}
	if d.HasChange("volume_ids") {
		if err := c.changeVolumes(ctx, d, id); err != nil {
			return diag.FromErr(err)
		}
	}
	return readDroplet(ctx, d, m)
}

func (c *cloud) resizeDroplet(ctx context.Context, d *schema.ResourceData, id int, size string, limit time.Duration) error {
	if _, _, err := c.DropletActions.PowerOff(ctx, id); err != nil && !strings.Contains(err.Error(), "Droplet is already powered off") {
		return fmt.Errorf("Error powering off droplet (%d): %w", id, err)
	}
	if err := c.awaitDroplet(ctx, d, limit, []string{"active"}, "off", statusOfDroplet); err != nil {
		return fmt.Errorf("Error waiting for droplet (%d) to become powered off: %w", id, err)
	}
	action, _, err := c.DropletActions.Resize(ctx, id, size, d.Get("resize_disk").(bool))
	if err == nil {
		err = c.awaitAction(ctx, action)
	}
	// It is powered on again whether or not it could be resized.
	if _, _, onErr := c.DropletActions.PowerOn(ctx, id); onErr != nil {
		return fmt.Errorf("Error powering on droplet (%d) after resize: %w", id, onErr)
	}
	if onErr := c.awaitDroplet(ctx, d, limit, []string{"off"}, "active", statusOfDroplet); onErr != nil {
		return onErr
	}
	if err != nil {
		return fmt.Errorf("Error resizing droplet (%d): %w", id, err)
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
		return fmt.Errorf("Error changing the backups of droplet (%d): %w", id, err)
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
			return fmt.Errorf("Error attaching volume %q to droplet (%d): %w", volume, id, err)
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
			return fmt.Errorf("Error detaching volume %q from droplet (%d): %w", volume, id, err)
		}
	}
	return nil
}

func deleteDroplet(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	id, err := strconv.Atoi(d.Id())
	if err != nil {
		return diag.FromErr(err)
	}
	limit := d.Timeout(schema.TimeoutDelete)
	unlocked := func(droplet *godo.Droplet) string { return strconv.FormatBool(droplet.Locked) }
	if err := c.awaitDroplet(ctx, d, limit, []string{"true"}, "false", unlocked); err != nil {
		return diag.Errorf("Error waiting for droplet to be unlocked for destroy (%s): %s", d.Id(), err)
	}
	if d.Get("graceful_shutdown").(bool) {
		if _, _, err := c.DropletActions.Shutdown(ctx, id); err != nil {
			return diag.Errorf("Error shutting down droplet (%s): %s", d.Id(), err)
		}
		if err := c.awaitDroplet(ctx, d, limit, []string{"active"}, "off", statusOfDroplet); err != nil {
			return diag.Errorf("Error waiting for droplet (%s) to shut down: %s", d.Id(), err)
		}
	}
	if err := c.detachVolumes(ctx, id, stringsOf(d.Get("volume_ids"))); err != nil {
		return diag.FromErr(err)
	}
	resp, err := c.Droplets.Delete(ctx, id)
	if err != nil && notFound(resp) {
		return nil
	}
	if err != nil && statusOf(err) == 0 {
		return diag.Errorf("Error deleting droplet (%s): %s", d.Id(), err)
	}
	// Any other refusal is ignored, and shows only when the droplet does not go away.
	return diag.FromErr(c.awaitGone(ctx, d))
}

func (c *cloud) awaitGone(ctx context.Context, d *schema.ResourceData) error {
	err := c.waits.ordinary.until(ctx, goneLimit, []string{"active", "off"}, "archive", func() (any, string, error) {
		droplet, _, err := c.getDroplet(ctx, d.Id())
		switch {
		case err != nil && strings.Contains(err.Error(), "404"):
			// Not the status but the text: an id with 404 in it fools the original too.
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
		return fmt.Errorf("Error waiting for droplet (%s) to be destroyed: %w", d.Id(), err)
	}
	return nil
}
