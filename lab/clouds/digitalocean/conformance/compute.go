package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
)

// droplet creates a small droplet in London and waits until it is active.
func (s *suite) droplet(name string, tags ...string) *godo.Droplet {
	made := must(s.client.Droplets.Create(s.ctx, &godo.DropletCreateRequest{
		Name: name, Region: "lon1", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-13-x64"}, Tags: tags,
	}))
	return s.status(made.ID, "active")
}

func (s *suite) status(id int, status string) *godo.Droplet {
	var droplet *godo.Droplet
	s.eventually(fmt.Sprintf("droplet %d becoming %s", id, status), func() bool {
		droplet = must(s.client.Droplets.Get(s.ctx, id))
		return droplet.Status == status && !droplet.Locked
	})
	return droplet
}

func (s *suite) gone(id int) {
	s.eventually(fmt.Sprintf("droplet %d going away", id), func() bool {
		_, response, _ := s.client.Droplets.Get(s.ctx, id)
		return response != nil && response.StatusCode == 404
	})
}

func (s *suite) completed(id int) {
	s.eventually(fmt.Sprintf("action %d completing", id), func() bool {
		action := must(s.client.Actions.Get(s.ctx, id))
		want("status of the action", action.Status == "errored", false)
		return action.Status == godo.ActionCompleted && action.CompletedAt != nil
	})
}

func publicKey() string {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(failure(err.Error()))
	}
	var blob []byte
	for _, field := range [][]byte{[]byte("ssh-ed25519"), public} {
		blob = append(blob, 0, 0, 0, byte(len(field)))
		blob = append(blob, field...)
	}
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob) + " conformance"
}

func (s *suite) keys() {
	text := publicKey()
	key := must(s.client.Keys.Create(s.ctx, &godo.KeyCreateRequest{Name: "one", PublicKey: text + "\n"}))
	want("text of the key", strings.TrimSpace(key.PublicKey), text)
	_, response, err := s.client.Keys.Create(s.ctx, &godo.KeyCreateRequest{Name: "again", PublicKey: text})
	refused("the same key again", 422, response, err)
	want("id by fingerprint", must(s.client.Keys.GetByFingerprint(s.ctx, key.Fingerprint)).ID, key.ID)
	want("new name", must(s.client.Keys.UpdateByID(s.ctx, key.ID, &godo.KeyUpdateRequest{Name: "two"})).Name, "two")
	want("in the list", len(must(s.client.Keys.List(s.ctx, nil))), 1)
	done(s.client.Keys.DeleteByID(s.ctx, key.ID))
	response, err = s.client.Keys.DeleteByID(s.ctx, key.ID)
	refused("deleting a key twice", 404, response, err)
}

func (s *suite) tags() {
	tag := must(s.client.Tags.Create(s.ctx, &godo.TagCreateRequest{Name: "Env:prod"}))
	want("name", tag.Name, "Env:prod")
	must(s.client.Tags.Create(s.ctx, &godo.TagCreateRequest{Name: "Env:prod"}))
	droplet := s.droplet("tagged", "env:PROD")
	want("spelling on the droplet", droplet.Tags[0], "Env:prod")
	resources := []godo.Resource{{ID: fmt.Sprint(droplet.ID), Type: godo.DropletResourceType}}
	done(s.client.Tags.UntagResources(s.ctx, "Env:prod", &godo.UntagResourcesRequest{Resources: resources}))
	want("tagged droplets", must(s.client.Tags.Get(s.ctx, "Env:prod")).Resources.Droplets.Count, 0)
	done(s.client.Tags.TagResources(s.ctx, "Env:prod", &godo.TagResourcesRequest{Resources: resources}))
	want("droplets by tag", len(must(s.client.Droplets.ListByTag(s.ctx, "Env:prod", nil))), 1)
	done(s.client.Droplets.Delete(s.ctx, droplet.ID))
	s.gone(droplet.ID)
	done(s.client.Tags.Delete(s.ctx, "Env:prod"))
}

func (s *suite) droplets() {
	key := must(s.client.Keys.Create(s.ctx, &godo.KeyCreateRequest{Name: "droplets", PublicKey: publicKey()}))
	vpc := must(s.client.VPCs.Create(s.ctx, &godo.VPCCreateRequest{Name: "droplets", RegionSlug: "nyc3"}))
	yes := true
	made := must(s.client.Droplets.Create(s.ctx, &godo.DropletCreateRequest{
		Name: "all-of-it", Region: "NYC3", Size: "S-1VCPU-1GB", Image: godo.DropletCreateImage{Slug: "debian-13-x64"},
		SSHKeys: []godo.DropletCreateSSHKey{{ID: key.ID}, {Fingerprint: key.Fingerprint}},
		IPv6:    true, Monitoring: true, Tags: []string{"one", "two"}, UserData: "#cloud-config\n",
		VPCUUID: vpc.ID, WithDropletAgent: &yes,
	}))
	want("status at once", must(s.client.Droplets.Get(s.ctx, made.ID)).Status == "", false)
	droplet := s.status(made.ID, "active")
	want("region", droplet.Region.Slug, "nyc3")
	want("size", droplet.Size.Slug, "s-1vcpu-1gb")
	want("VPC", droplet.VPCUUID, vpc.ID)
	for _, feature := range []string{"ipv6", "monitoring"} {
		want("feature "+feature, slices.Contains(droplet.Features, feature), true)
	}
	want("feature backups", slices.Contains(droplet.Features, "backups"), false)
	public, err := droplet.PublicIPv4()
	want("has a public address", err == nil && public != "", true)
	response, err := s.client.VPCs.Delete(s.ctx, vpc.ID)
	refused("deleting a VPC with members", 403, response, err)
	want("droplets by name", len(must(s.client.Droplets.ListByName(s.ctx, "all-of-it", nil))), 1)
	done(s.client.Droplets.Delete(s.ctx, made.ID))
	s.gone(made.ID)
	done(s.client.VPCs.Delete(s.ctx, vpc.ID))
	done(s.client.Keys.DeleteByID(s.ctx, key.ID))

	_, response, err = s.client.Droplets.Create(s.ctx, &godo.DropletCreateRequest{
		Name: "under_score", Region: "nyc3", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-13-x64"},
	})
	refused("a name with an underscore", 422, response, err)
}

func (s *suite) dropletActions() {
	droplet := s.droplet("acting")
	id := droplet.ID
	act := s.client.DropletActions
	_, response, err := act.PowerOn(s.ctx, id)
	refused("power on while on", 422, response, err)
	s.completed(must(act.Rename(s.ctx, id, "renamed")).ID)
	want("name", must(s.client.Droplets.Get(s.ctx, id)).Name, "renamed")
	s.completed(must(act.EnableIPv6(s.ctx, id)).ID)
	hour := 8
	s.completed(must(act.EnableBackupsWithPolicy(s.ctx, id, &godo.DropletBackupPolicyRequest{Plan: "weekly", Weekday: "MON", Hour: &hour})).ID)
	want("feature backups", slices.Contains(must(s.client.Droplets.Get(s.ctx, id)).Features, "backups"), true)
	s.completed(must(act.ChangeBackupPolicy(s.ctx, id, &godo.DropletBackupPolicyRequest{Plan: "daily", Hour: &hour})).ID)
	s.completed(must(act.DisableBackups(s.ctx, id)).ID)
	s.completed(must(act.DisableBackups(s.ctx, id)).ID)
	_, response, err = act.Resize(s.ctx, id, "s-2vcpu-2gb", true)
	refused("resize while on", 422, response, err)
	s.completed(must(act.PowerOff(s.ctx, id)).ID)
	s.status(id, "off")
	_, response, err = act.PowerOff(s.ctx, id)
	refused("power off while off", 422, response, err)
	want("the message says so", strings.Contains(err.Error(), "Droplet is already powered off"), true)
	s.completed(must(act.Shutdown(s.ctx, id)).ID)
	s.completed(must(act.Resize(s.ctx, id, "s-2vcpu-2gb", true)).ID)
	s.completed(must(act.PowerOn(s.ctx, id)).ID)
	want("size", s.status(id, "active").SizeSlug, "s-2vcpu-2gb")
	for _, action := range []func(context.Context, int) (*godo.Action, *godo.Response, error){act.Reboot, act.PowerCycle} {
		s.completed(must(action(s.ctx, id)).ID)
	}
	s.completed(must(act.RebuildByImageSlug(s.ctx, id, "debian-12-x64")).ID)
	want("image", s.status(id, "active").Image.Slug, "debian-12-x64")
	s.completed(must(act.Shutdown(s.ctx, id)).ID)
	s.status(id, "off")
	renamed := must(act.Rename(s.ctx, id, "again"))
	want("the action of the droplet", must(act.Get(s.ctx, id, renamed.ID)).Type, "rename")
	done(s.client.Droplets.Delete(s.ctx, id))
	s.gone(id)
}
