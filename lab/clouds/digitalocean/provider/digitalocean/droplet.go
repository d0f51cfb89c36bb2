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
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/customdiff"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// goneLimit bounds the wait for a deleted droplet to disappear, whatever time-out is configured.
const goneLimit = time.Minute

var droplets = kind[godo.Droplet]{
	noun: "droplet", key: "droplet",
	schema: &schema.Resource{
		Importer: &schema.ResourceImporter{StateContext: importDroplet},
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
			"urn":                  out(schema.TypeString),
			"created_at":           out(schema.TypeString),
			"status":               out(schema.TypeString),
			"locked":               out(schema.TypeBool),
			"memory":               out(schema.TypeInt),
			"vcpus":                out(schema.TypeInt),
			"disk":                 out(schema.TypeInt),
			"price_hourly":         out(schema.TypeFloat),
			"price_monthly":        out(schema.TypeFloat),
			"ipv4_address":         out(schema.TypeString),
			"ipv4_address_private": out(schema.TypeString),
		},
		CustomizeDiff: customdiff.All(
			// IPv6 can be switched on but not off.
			customdiff.ForceNewIfChange("ipv6", func(_ context.Context, old, wanted, _ any) bool {
				return old.(bool) && !wanted.(bool)
			}),
		),
	},
	create: createDroplet,
	id:     func(_ *schema.ResourceData, droplet *godo.Droplet) string { return strconv.Itoa(droplet.ID) },
	created: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		limit := d.Timeout(schema.TimeoutCreate)
		if err := c.awaitDroplet(ctx, d, limit, []string{"new"}, "active", statusOfDroplet); err != nil {
			return sentencef("Error waiting for droplet (%s) to become ready: %w", d.Id(), err)
		}
		return nil
	},
	// The wait for "active" has read it already.
	notReadBack: true,
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Droplet, *godo.Response, error) {
		return c.getDroplet(ctx, d.Id())
	},
	set:    setDroplet,
	update: updateDroplet,
	remove: deleteDroplet,
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

// User data may hold secrets and is long: the state has only its hash, and it is never read back.
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

func createDroplet(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Droplet, error) {
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
	// Unset and false mean different things, and Get cannot tell them apart.
	if config := d.GetRawConfig(); !config.IsNull() && config.IsKnown() {
		if agent := config.GetAttr("droplet_agent"); agent.IsKnown() && !agent.IsNull() {
			wanted := agent.True()
			request.WithDropletAgent = &wanted
		}
	}
	droplet, _, err := c.Droplets.Create(ctx, request)
	return droplet, err
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
	// Without a list the values stay; a list, even an empty one, sets them all.
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

// An address that cannot be parsed is left out silently, as in the original.
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

// awaitDroplet reads the droplet until its state is target. Each read overwrites the planned values, which is why a
// rename or resize together with backups or ipv6 takes two applies, as with the original.
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
			// The state of a locked droplet counts as unknown.
			return nil, "", nil
		}
		return droplet, state(droplet), nil
	})
}
