// Command terraform-provider-local is the lab's stand-in for HashiCorp's "local" Terraform provider.
package main

import (
	"flag"
	"fmt"

	"github.com/hashicorp/terraform-plugin-sdk/v2/plugin"

	"lab.invalid/provider/local"
)

func main() {
	version := flag.Bool("version", false, "say what this is")
	flag.Parse()
	if *version {
		fmt.Printf("Stand-in for terraform-provider-local %s, for labs that cannot get the original.\n", local.Version)
		return
	}
	plugin.Serve(&plugin.ServeOpts{
		ProviderFunc: local.Provider,
		ProviderAddr: "registry.terraform.io/hashicorp/local",
	})
}
