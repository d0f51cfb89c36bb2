package main

import (
	"slices"

	"github.com/digitalocean/godo"
)

func (s *suite) account() {
	account := must(s.client.Account.Get(s.ctx))
	want("status of the account", account.Status, "active")
}

func (s *suite) regions() {
	regions := all(func(o *godo.ListOptions) ([]godo.Region, *godo.Response, error) {
		return s.client.Regions.List(s.ctx, o)
	}, 3)
	for _, slug := range []string{"lon1", "nyc3", "sgp1"} {
		want("lists "+slug, slices.ContainsFunc(regions, func(r godo.Region) bool { return r.Slug == slug && r.Available }), true)
	}
}

func (s *suite) sizes() {
	list := func(o *godo.ListOptions) ([]godo.Size, *godo.Response, error) { return s.client.Sizes.List(s.ctx, o) }
	few, many := all(list, 7), all(list, 200)
	want("number of sizes in small pages", len(few), len(many))
	want("has s-1vcpu-1gb", slices.ContainsFunc(many, func(z godo.Size) bool { return z.Slug == "s-1vcpu-1gb" && z.Memory == 1024 }), true)
}

func (s *suite) images() {
	bySlug := must(s.client.Images.GetBySlug(s.ctx, "debian-13-x64"))
	byID := must(s.client.Images.GetByID(s.ctx, bySlug.ID))
	want("slug by id", byID.Slug, "debian-13-x64")
	_, response, err := s.client.Images.GetBySlug(s.ctx, "debian-1-x64")
	refused("an unknown image", 404, response, err)
	distributions := all(func(o *godo.ListOptions) ([]godo.Image, *godo.Response, error) {
		return s.client.Images.ListDistribution(s.ctx, o)
	}, 5)
	want("lists Debian 13", slices.ContainsFunc(distributions, func(i godo.Image) bool { return i.Slug == "debian-13-x64" }), true)
}
