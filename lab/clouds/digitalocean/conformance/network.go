package main

import "github.com/digitalocean/godo"

func (s *suite) vpcs() {
	vpc := must(s.client.VPCs.Create(s.ctx, &godo.VPCCreateRequest{
		Name: "conformance", RegionSlug: "lon1", Description: "first", IPRange: "10.20.0.5/24",
	}))
	want("range as written", vpc.IPRange, "10.20.0.5/24")
	want("region", vpc.RegionSlug, "lon1")
	no := false
	vpc = must(s.client.VPCs.Update(s.ctx, vpc.ID, &godo.VPCUpdateRequest{Name: "conformance-2", Default: &no}))
	want("name after update", vpc.Name, "conformance-2")
	want("description left out of an update", vpc.Description, "")
	_, response, err := s.client.VPCs.Create(s.ctx, &godo.VPCCreateRequest{Name: "other", RegionSlug: "lon1", IPRange: "10.20.0.128/25"})
	refused("an overlapping range", 422, response, err)

	other := must(s.client.VPCs.Create(s.ctx, &godo.VPCCreateRequest{Name: "peer", RegionSlug: "sgp1"}))
	peering := must(s.client.VPCs.CreateVPCPeering(s.ctx, &godo.VPCPeeringCreateRequest{Name: "p", VPCIDs: []string{vpc.ID, other.ID}}))
	s.eventually("the peering becoming ACTIVE", func() bool {
		return must(s.client.VPCs.GetVPCPeering(s.ctx, peering.ID)).Status == "ACTIVE"
	})
	want("peerings", len(must(s.client.VPCs.ListVPCPeerings(s.ctx, nil))), 1)
	want("new name", must(s.client.VPCs.UpdateVPCPeering(s.ctx, peering.ID, &godo.VPCPeeringUpdateRequest{Name: "q"})).Name, "q")
	response, err = s.client.VPCs.Delete(s.ctx, vpc.ID)
	refused("deleting a peered VPC", 403, response, err)
	done(s.client.VPCs.DeleteVPCPeering(s.ctx, peering.ID))
	s.eventually("the peering going away", func() bool {
		_, response, _ := s.client.VPCs.GetVPCPeering(s.ctx, peering.ID)
		return response != nil && response.StatusCode == 404
	})
	done(s.client.VPCs.Delete(s.ctx, vpc.ID))
	done(s.client.VPCs.Delete(s.ctx, other.ID))
	response, err = s.client.VPCs.Delete(s.ctx, vpc.ID)
	refused("deleting a VPC twice", 404, response, err)
}

func (s *suite) firewalls() {
	must(s.client.Tags.Create(s.ctx, &godo.TagCreateRequest{Name: "wall"}))
	droplet := s.droplet("walled")
	firewall := must(s.client.Firewalls.Create(s.ctx, &godo.FirewallRequest{
		Name: "wall",
		InboundRules: []godo.InboundRule{
			{Protocol: "tcp", PortRange: "7000-7001", Sources: &godo.Sources{Tags: []string{"wall"}}},
			{Protocol: "icmp", Sources: &godo.Sources{Addresses: []string{"0.0.0.0/0", "2001:DB8::/32"}}},
		},
		OutboundRules: []godo.OutboundRule{
			{Protocol: "udp", PortRange: "all", Destinations: &godo.Destinations{Addresses: []string{"0.0.0.0/0"}}},
		},
		Tags: []string{"wall"},
	}))
	got := must(s.client.Firewalls.Get(s.ctx, firewall.ID))
	want("ports", got.InboundRules[0].PortRange, "7000-7001")
	want("ports of icmp", got.InboundRules[1].PortRange, "0")
	want("spelling of an address", got.InboundRules[1].Sources.Addresses[1], "2001:DB8::/32")
	want("all ports", got.OutboundRules[0].PortRange, "0")
	want("droplets", len(got.DropletIDs), 0)

	updated := must(s.client.Firewalls.Update(s.ctx, firewall.ID, &godo.FirewallRequest{
		Name:          "wall-2",
		OutboundRules: got.OutboundRules,
		DropletIDs:    []int{droplet.ID},
	}))
	want("inbound rules after an update without", len(updated.InboundRules), 0)
	want("tags after an update without", len(updated.Tags), 0)
	done(s.client.Droplets.Delete(s.ctx, droplet.ID))
	s.gone(droplet.ID)
	want("droplets after the droplet is gone", len(must(s.client.Firewalls.Get(s.ctx, firewall.ID)).DropletIDs), 0)
	done(s.client.Firewalls.Delete(s.ctx, firewall.ID))
	done(s.client.Tags.Delete(s.ctx, "wall"))
}

func (s *suite) reservedIPs() {
	droplet := s.droplet("reserved")
	ip := must(s.client.ReservedIPs.Create(s.ctx, &godo.ReservedIPCreateRequest{Region: "LON1"}))
	want("region", ip.Region.Slug, "lon1")
	action := must(s.client.ReservedIPActions.Assign(s.ctx, ip.IP, droplet.ID))
	s.eventually("the assignment", func() bool {
		return must(s.client.ReservedIPActions.Get(s.ctx, ip.IP, action.ID)).Status == godo.ActionCompleted
	})
	got := must(s.client.ReservedIPs.Get(s.ctx, ip.IP))
	want("droplet", got.Droplet.ID, droplet.ID)
	want("region of the droplet", got.Droplet.Region.Slug, "lon1")
	must(s.client.ReservedIPActions.Unassign(s.ctx, ip.IP))
	_, response, err := s.client.ReservedIPActions.Unassign(s.ctx, ip.IP)
	refused("unassigning twice", 422, response, err)
	want("in the list", len(must(s.client.ReservedIPs.List(s.ctx, nil))), 1)
	done(s.client.ReservedIPs.Delete(s.ctx, ip.IP))
	done(s.client.Droplets.Delete(s.ctx, droplet.ID))
	s.gone(droplet.ID)
}

func (s *suite) domains() {
	domain := must(s.client.Domains.Create(s.ctx, &godo.DomainCreateRequest{Name: "example.com", IPAddress: "192.0.2.1"}))
	want("name", domain.Name, "example.com")
	record := must(s.client.Domains.CreateRecord(s.ctx, "example.com", &godo.DomainRecordEditRequest{
		Type: "CNAME", Name: "www", Data: "example.org.", TTL: 60,
	}))
	want("data without the final dot", record.Data, "example.org")
	edited := must(s.client.Domains.EditRecord(s.ctx, "example.com", record.ID, &godo.DomainRecordEditRequest{
		Name: "www", Data: "example.net.",
	}))
	want("edited data", edited.Data, "example.net")
	want("time to live that was not edited", edited.TTL, 60)
	must(s.client.Domains.CreateRecord(s.ctx, "example.com", &godo.DomainRecordEditRequest{
		Type: "MX", Name: "@", Data: "mail.example.com.", Priority: 10,
	}))
	want("MX records", len(must(s.client.Domains.RecordsByType(s.ctx, "example.com", "MX", nil))), 1)
	want("records of www", len(must(s.client.Domains.RecordsByName(s.ctx, "example.com", "www.example.com", nil))), 1)
	done(s.client.Domains.DeleteRecord(s.ctx, "example.com", record.ID))
	_, response, err := s.client.Domains.Record(s.ctx, "example.com", record.ID)
	refused("a deleted record", 404, response, err)
	done(s.client.Domains.Delete(s.ctx, "example.com"))
}
