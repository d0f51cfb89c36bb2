package digitalocean

import (
	"context"
	"fmt"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

var firewalls = kind[godo.Firewall]{
	noun: "firewall", key: "firewall",
	schema: &schema.Resource{
		Schema: map[string]*schema.Schema{
			"name":          {Type: schema.TypeString, Required: true, ValidateFunc: validation.NoZeroValues},
			"droplet_ids":   {Type: schema.TypeSet, Optional: true, Elem: &schema.Schema{Type: schema.TypeInt}},
			"tags":          tagsSchema(),
			"inbound_rule":  ruleSchema("source"),
			"outbound_rule": ruleSchema("destination"),
			"status":        {Type: schema.TypeString, Computed: true},
			"created_at":    {Type: schema.TypeString, Computed: true},
			"pending_changes": {Type: schema.TypeList, Computed: true, Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"droplet_id": {Type: schema.TypeInt, Optional: true},
				"removing":   {Type: schema.TypeBool, Optional: true},
				"status":     {Type: schema.TypeString, Optional: true},
			}}},
		},
		CustomizeDiff: portsGiven,
	},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Firewall, error) {
		firewall, _, err := c.Firewalls.Create(ctx, firewallRequest(d))
		return firewall, err
	},
	id: func(_ *schema.ResourceData, firewall *godo.Firewall) string { return firewall.ID },
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*godo.Firewall, *godo.Response, error) {
		return c.Firewalls.Get(ctx, d.Id())
	},
	set: setFirewall,
	update: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		_, _, err := c.Firewalls.Update(ctx, d.Id(), firewallRequest(d))
		return err
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		_, err := c.Firewalls.Delete(ctx, d.Id())
		// The original compares this text and not the status, so most 404 answers are errors.
		if err != nil && strings.Contains(err.Error(), "404 Not Found") {
			return nil
		}
		return err
	},
}

func ruleSchema(side string) *schema.Schema {
	texts := func() *schema.Schema {
		return &schema.Schema{
			Type: schema.TypeSet, Optional: true,
			Elem: &schema.Schema{Type: schema.TypeString, ValidateFunc: validation.NoZeroValues},
		}
	}
	return &schema.Schema{Type: schema.TypeSet, Optional: true, Elem: &schema.Resource{Schema: map[string]*schema.Schema{
		"protocol":                   {Type: schema.TypeString, Required: true, ValidateFunc: validation.StringInSlice([]string{"tcp", "udp", "icmp"}, false)},
		"port_range":                 {Type: schema.TypeString, Optional: true},
		side + "_addresses":          texts(),
		side + "_tags":               tagsSchema(),
		side + "_droplet_ids":        {Type: schema.TypeSet, Optional: true, Elem: &schema.Schema{Type: schema.TypeInt}},
		side + "_load_balancer_uids": texts(),
		side + "_kubernetes_ids":     texts(),
	}}}
}

// Only icmp has no ports.
func portsGiven(_ context.Context, diff *schema.ResourceDiff, _ any) error {
	for _, kind := range []string{"inbound_rule", "outbound_rule"} {
		for _, one := range diff.Get(kind).(*schema.Set).List() {
			rule := one.(map[string]any)
			// An unknown value is empty here too; only the configuration tells it from an unset one.
			if rule["protocol"] != "icmp" && rule["port_range"] == "" && diff.GetRawConfig().GetAttr(kind).IsWhollyKnown() {
				return fmt.Errorf("`port_range` of %s is required if protocol is `tcp` or `udp`", kind)
			}
		}
	}
	return nil
}

// target is the other end of a rule: its sources or its destinations.
type target struct {
	addresses, tags, balancers, clusters []string
	droplets                             []int
}

func targetOf(rule map[string]any, side string) target {
	return target{
		addresses: stringsOf(rule[side+"_addresses"]),
		tags:      stringsOf(rule[side+"_tags"]),
		balancers: stringsOf(rule[side+"_load_balancer_uids"]),
		clusters:  stringsOf(rule[side+"_kubernetes_ids"]),
		droplets:  intsOf(rule[side+"_droplet_ids"]),
	}
}

func flatRule(side, protocol, ports string, t target) map[string]any {
	// The API writes "0" for all ports, and also for icmp, where the configuration has none.
	if ports == "0" {
		ports = "all"
		if protocol == "icmp" {
			ports = ""
		}
	}
	return map[string]any{
		"protocol":                   protocol,
		"port_range":                 ports,
		side + "_addresses":          t.addresses,
		side + "_tags":               t.tags,
		side + "_droplet_ids":        t.droplets,
		side + "_load_balancer_uids": t.balancers,
		side + "_kubernetes_ids":     t.clusters,
	}
}

func firewallRequest(d *schema.ResourceData) *godo.FirewallRequest {
	request := &godo.FirewallRequest{
		Name:       d.Get("name").(string),
		DropletIDs: orNil(intsOf(d.Get("droplet_ids"))),
		Tags:       orNil(stringsOf(d.Get("tags"))),
	}
	for _, one := range d.Get("inbound_rule").(*schema.Set).List() {
		rule := one.(map[string]any)
		t := targetOf(rule, "source")
		request.InboundRules = append(request.InboundRules, godo.InboundRule{
			Protocol: rule["protocol"].(string), PortRange: rule["port_range"].(string),
			Sources: &godo.Sources{Addresses: t.addresses, Tags: t.tags, DropletIDs: t.droplets, LoadBalancerUIDs: t.balancers, KubernetesIDs: t.clusters},
		})
	}
	for _, one := range d.Get("outbound_rule").(*schema.Set).List() {
		rule := one.(map[string]any)
		t := targetOf(rule, "destination")
		request.OutboundRules = append(request.OutboundRules, godo.OutboundRule{
			Protocol: rule["protocol"].(string), PortRange: rule["port_range"].(string),
			Destinations: &godo.Destinations{Addresses: t.addresses, Tags: t.tags, DropletIDs: t.droplets, LoadBalancerUIDs: t.balancers, KubernetesIDs: t.clusters},
		})
	}
	return request
}

func setFirewall(d *schema.ResourceData, firewall *godo.Firewall) error {
	var inbound, outbound, pending []any
	for _, rule := range firewall.InboundRules {
		if rule.Sources == nil {
			return missing("firewall.inbound_rules[].sources")
		}
		s := rule.Sources
		inbound = append(inbound, flatRule("source", rule.Protocol, rule.PortRange,
			target{s.Addresses, s.Tags, s.LoadBalancerUIDs, s.KubernetesIDs, s.DropletIDs}))
	}
	for _, rule := range firewall.OutboundRules {
		if rule.Destinations == nil {
			return missing("firewall.outbound_rules[].destinations")
		}
		s := rule.Destinations
		outbound = append(outbound, flatRule("destination", rule.Protocol, rule.PortRange,
			target{s.Addresses, s.Tags, s.LoadBalancerUIDs, s.KubernetesIDs, s.DropletIDs}))
	}
	for _, change := range firewall.PendingChanges {
		pending = append(pending, map[string]any{
			"droplet_id": change.DropletID, "removing": change.Removing, "status": change.Status,
		})
	}
	return setAll(d, map[string]any{
		"name": firewall.Name, "status": firewall.Status, "created_at": firewall.Created, "pending_changes": pending,
		"droplet_ids": firewall.DropletIDs, "tags": firewall.Tags, "inbound_rule": inbound, "outbound_rule": outbound,
	})
}
