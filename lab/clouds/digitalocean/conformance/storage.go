package main

import "github.com/digitalocean/godo"

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
	byName := must(s.client.Storage.ListVolumes(s.ctx, &godo.ListVolumeParams{Name: "data", Region: "lon1"}))
	want("volumes by name", len(byName), 1)
	done(s.client.Droplets.Delete(s.ctx, droplet.ID))
	s.gone(droplet.ID)
	done(s.client.Storage.DeleteVolume(s.ctx, volume.ID))
}
