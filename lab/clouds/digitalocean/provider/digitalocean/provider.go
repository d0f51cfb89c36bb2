// Package digitalocean is a stand-in for DigitalOcean's Terraform provider ("the original"), written from that
// provider's observed behaviour. It sends the same requests in the same order and is as strict about the answers.
//
// It differs in one thing on purpose: it does not sleep for ten seconds before it first checks whether something is
// done, unless DIGITALOCEAN_STANDIN_REAL_WAITS=1.
package digitalocean

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"golang.org/x/oauth2"
)

// Version of the provider that this one stands in for.
const Version = "2.71.0"

// Provider serves the part of DigitalOcean's provider that the library and its users need.
func Provider() *schema.Provider {
	p := &schema.Provider{
		Schema: map[string]*schema.Schema{
			"token": {
				Type: schema.TypeString, Optional: true, Sensitive: true,
				DefaultFunc: schema.MultiEnvDefaultFunc([]string{"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"}, nil),
			},
			"api_endpoint": {
				Type: schema.TypeString, Optional: true,
				DefaultFunc: schema.EnvDefaultFunc("DIGITALOCEAN_API_URL", "https://api.digitalocean.com"),
			},
			"spaces_endpoint": {
				Type: schema.TypeString, Optional: true,
				DefaultFunc: schema.EnvDefaultFunc("SPACES_ENDPOINT_URL", "https://{{.Region}}.digitaloceanspaces.com"),
			},
			"spaces_access_id": {
				Type: schema.TypeString, Optional: true, Sensitive: true,
				DefaultFunc: schema.EnvDefaultFunc("SPACES_ACCESS_KEY_ID", nil),
			},
			"spaces_secret_key": {
				Type: schema.TypeString, Optional: true, Sensitive: true,
				DefaultFunc: schema.EnvDefaultFunc("SPACES_SECRET_ACCESS_KEY", nil),
			},
			"requests_per_second": {
				Type: schema.TypeFloat, Optional: true,
				DefaultFunc: schema.EnvDefaultFunc("DIGITALOCEAN_REQUESTS_PER_SECOND", 0.0),
			},
			"http_retry_max": {
				Type: schema.TypeInt, Optional: true,
				DefaultFunc: schema.EnvDefaultFunc("DIGITALOCEAN_HTTP_RETRY_MAX", 4),
			},
			"http_retry_wait_min": {
				Type: schema.TypeFloat, Optional: true,
				DefaultFunc: schema.EnvDefaultFunc("DIGITALOCEAN_HTTP_RETRY_WAIT_MIN", 1.0),
			},
			"http_retry_wait_max": {
				Type: schema.TypeFloat, Optional: true,
				DefaultFunc: schema.EnvDefaultFunc("DIGITALOCEAN_HTTP_RETRY_WAIT_MAX", 30.0),
			},
		},
		ResourcesMap: map[string]*schema.Resource{
			"digitalocean_droplet":                droplets.resource(),
			"digitalocean_firewall":               firewalls.resource(),
			"digitalocean_project_resources":      projectResources.resource(),
			"digitalocean_reserved_ip":            reservedIPs.resource(),
			"digitalocean_reserved_ip_assignment": reservedIPAssignments.resource(),
			"digitalocean_ssh_key":                sshKeys.resource(),
			"digitalocean_tag":                    tags.resource(),
			"digitalocean_volume":                 volumes.resource(),
			"digitalocean_volume_attachment":      volumeAttachments.resource(),
			"digitalocean_vpc":                    vpcs.resource(),
			"digitalocean_vpc_peering":            vpcPeerings.resource(),
		},
		DataSourcesMap: map[string]*schema.Resource{
			"digitalocean_account":  dataAccount(),
			"digitalocean_droplet":  dataDroplet(),
			"digitalocean_droplets": dataDroplets(),
			"digitalocean_image":    dataImage(),
			"digitalocean_region":   dataRegion(),
			"digitalocean_regions":  dataRegions(),
			"digitalocean_sizes":    dataSizes(),
			"digitalocean_ssh_key":  dataSSHKey(),
			"digitalocean_vpc":      dataVPC(),
		},
	}
	p.ConfigureContextFunc = func(_ context.Context, d *schema.ResourceData) (any, diag.Diagnostics) {
		c, err := newCloud(d, p.TerraformVersion)
		return c, diag.FromErr(err)
	}
	return p
}

// cloud is the API client that all resources share, with the pace of waits.
type cloud struct {
	*godo.Client
	waits waits
}

func newCloud(d *schema.ResourceData, terraformVersion string) (*cloud, error) {
	endpoint, err := url.Parse(d.Get("api_endpoint").(string))
	if err != nil {
		return nil, fmt.Errorf("api_endpoint: %w", err)
	}
	minWait, maxWait := d.Get("http_retry_wait_min").(float64), d.Get("http_retry_wait_max").(float64)
	options := []godo.ClientOpt{
		godo.SetBaseURL(endpoint.String()),
		godo.SetUserAgent("Terraform/" + terraformVersion),
		godo.WithRetryAndBackoffs(godo.RetryConfig{
			RetryMax:     d.Get("http_retry_max").(int),
			RetryWaitMin: &minWait,
			RetryWaitMax: &maxWait,
		}),
	}
	if perSecond := d.Get("requests_per_second").(float64); perSecond > 0 {
		options = append(options, godo.SetStaticRateLimit(perSecond))
	}
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: d.Get("token").(string)})
	client, err := godo.New(oauth2.NewClient(context.Background(), token), options...)
	if err != nil {
		return nil, err
	}
	w := quickWaits
	if os.Getenv("DIGITALOCEAN_STANDIN_REAL_WAITS") == "1" {
		w = realWaits
	}
	return &cloud{Client: client, waits: w}, nil
}
