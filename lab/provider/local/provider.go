// Package local is a stand-in for HashiCorp's "local" provider: files, and files with secrets in them.
package local

import "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

// Version of the provider that this one stands in for.
const Version = "2.6.1"

// Provider serves the resources and data sources that the lab needs.
func Provider() *schema.Provider {
	return &schema.Provider{
		ResourcesMap: map[string]*schema.Resource{
			"local_file":           fileResource(false),
			"local_sensitive_file": fileResource(true),
		},
		DataSourcesMap: map[string]*schema.Resource{
			"local_file":           fileDataSource(false),
			"local_sensitive_file": fileDataSource(true),
		},
	}
}
