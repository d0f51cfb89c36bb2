package main

import (
	"strings"

	"github.com/digitalocean/godo"
)

func (s *suite) volumes() {
	volume := must(s.client.Storage.CreateVolume(s.ctx, &godo.VolumeCreateRequest{
		Region: "lon1", Name: "data", SizeGigaBytes: 5, FilesystemType: "ext4", Tags: []string{},
	}))
	want("region", volume.Region.Slug, "lon1")
	droplet := s.droplet("with-volume")
	s.completed(must(s.client.StorageActions.Attach(s.ctx, volume.ID, droplet.ID)).ID)
	want("droplet of the volume", must(s.client.Storage.GetVolume(s.ctx, volume.ID)).DropletIDs[0], droplet.ID)
	want("volume of the droplet", must(s.client.Droplets.Get(s.ctx, droplet.ID)).VolumeIDs[0], volume.ID)
	response, err := s.client.Storage.DeleteVolume(s.ctx, volume.ID)
	refused("deleting an attached volume", 409, response, err)
	s.completed(must(s.client.StorageActions.Resize(s.ctx, volume.ID, 8, "lon1")).ID)
	_, response, err = s.client.StorageActions.Resize(s.ctx, volume.ID, 5, "lon1")
	refused("shrinking", 422, response, err)
	s.completed(must(s.client.StorageActions.DetachByDropletID(s.ctx, volume.ID, droplet.ID)).ID)
	_, response, err = s.client.StorageActions.DetachByDropletID(s.ctx, volume.ID, droplet.ID)
	refused("detaching twice", 422, response, err)
	want("actions", len(must(s.client.StorageActions.List(s.ctx, volume.ID, nil))), 3)
	byName := must(s.client.Storage.ListVolumes(s.ctx, &godo.ListVolumeParams{Name: "data", Region: "lon1"}))
	want("volumes by name", len(byName), 1)

	snapshot := must(s.client.Storage.CreateSnapshot(s.ctx, &godo.SnapshotCreateRequest{VolumeID: volume.ID, Name: "then"}))
	want("snapshots of the volume", len(must(s.client.Storage.ListSnapshots(s.ctx, volume.ID, nil))), 1)
	want("snapshots in the list", len(must(s.client.Snapshots.ListVolume(s.ctx, nil))), 1)
	done(s.client.Storage.DeleteSnapshot(s.ctx, snapshot.ID))
	done(s.client.Droplets.Delete(s.ctx, droplet.ID))
	s.gone(droplet.ID)
	done(s.client.Storage.DeleteVolume(s.ctx, volume.ID))
}

func (s *suite) projects() {
	home := must(s.client.Projects.GetDefault(s.ctx))
	want("the default project is one", home.IsDefault, true)
	project := must(s.client.Projects.Create(s.ctx, &godo.CreateProjectRequest{
		Name: "conformance", Purpose: "Service or API", Environment: "production",
	}))
	volume := must(s.client.Storage.CreateVolume(s.ctx, &godo.VolumeCreateRequest{Region: "sgp1", Name: "owned", SizeGigaBytes: 1}))
	assigned := must(s.client.Projects.AssignResources(s.ctx, project.ID, *volume))
	want("status of the assignment", assigned[0].Status, "assigned")
	resources := must(s.client.Projects.ListResources(s.ctx, project.ID, nil))
	want("resource", resources[0].URN, "do:volume:"+volume.ID)
	response, err := s.client.Projects.Delete(s.ctx, project.ID)
	refused("deleting a project with resources", 412, response, err)
	want("the message says so", strings.Contains(err.Error(), "cannot delete a project with resources"), true)
	must(s.client.Projects.AssignResources(s.ctx, home.ID, *volume))
	updated := must(s.client.Projects.Update(s.ctx, project.ID, &godo.UpdateProjectRequest{Description: "words"}))
	want("name after a partial update", updated.Name, "conformance")
	done(s.client.Projects.Delete(s.ctx, project.ID))
	done(s.client.Storage.DeleteVolume(s.ctx, volume.ID))
}

func (s *suite) alerts() {
	yes := true
	request := godo.AlertPolicyCreateRequest{
		Type: godo.DropletCPUUtilizationPercent, Description: "busy", Compare: godo.GreaterThan, Value: 90.5, Window: "5m",
		Entities: []string{}, Tags: []string{"etcd"}, Alerts: godo.Alerts{Email: []string{"lab@example.com"}}, Enabled: &yes,
	}
	policy := must(s.client.Monitoring.CreateAlertPolicy(s.ctx, &request))
	want("threshold", policy.Value, 90.5)
	update := godo.AlertPolicyUpdateRequest(request)
	update.Window = "1h"
	want("window", must(s.client.Monitoring.UpdateAlertPolicy(s.ctx, policy.UUID, &update)).Window, "1h")
	want("tag", must(s.client.Monitoring.GetAlertPolicy(s.ctx, policy.UUID)).Tags[0], "etcd")
	want("in the list", len(must(s.client.Monitoring.ListAlertPolicies(s.ctx, nil))), 1)
	done(s.client.Monitoring.DeleteAlertPolicy(s.ctx, policy.UUID))
	response, err := s.client.Monitoring.DeleteAlertPolicy(s.ctx, policy.UUID)
	refused("deleting an alert twice", 404, response, err)
}
