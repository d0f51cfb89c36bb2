// Command terraform-provider-digitalocean is the lab's stand-in for DigitalOcean's Terraform provider.
package main

import (
	"flag"
	"fmt"

	"github.com/hashicorp/terraform-plugin-sdk/v2/plugin"

	"lab.invalid/provider/digitalocean"
)

func main() {
	version := flag.Bool("version", false, "say what this is")
	debug := flag.Bool("debug", false, "wait for a debugger instead of for Terraform")
	flag.Parse()
	if *version {
		fmt.Printf("Stand-in for terraform-provider-digitalocean %s, for labs that cannot reach a Terraform registry. "+
			"Not DigitalOcean's; do not use it on a real account.\n", digitalocean.Version)
		return
	}
	plugin.Serve(&plugin.ServeOpts{
		ProviderFunc: digitalocean.Provider,
		ProviderAddr: "registry.terraform.io/digitalocean/digitalocean",
		Debug:        *debug,
	})
}
