# Two machines, an ocean apart, that serve to each other what a third may not have.

terraform {
  required_providers {
    digitalocean = { source = "digitalocean/digitalocean" }
    tls          = { source = "hashicorp/tls" }
  }
}

locals {
  regions = toset(["lon1", "nyc3"])
  # Both ports are listened on; the firewall lets the machines have one of them.
  user_data = <<-EOT
    #cloud-config
    runcmd:
      - mkdir -p /srv/page && hostname >/srv/page/index.html
      - systemd-run --unit=page python3 -m http.server --directory /srv/page 8080
      - systemd-run --unit=hidden python3 -m http.server --directory /srv/page 8081
  EOT
}

resource "tls_private_key" "login" {
  algorithm = "ED25519"
}

resource "digitalocean_ssh_key" "login" {
  name       = "example"
  public_key = trimspace(tls_private_key.login.public_key_openssh)
}

resource "digitalocean_tag" "page" {
  name = "page"
}

resource "digitalocean_droplet" "page" {
  for_each  = local.regions
  name      = "page-${each.key}"
  region    = each.key
  image     = "debian-13-x64"
  size      = "s-1vcpu-1gb"
  ssh_keys  = [digitalocean_ssh_key.login.id]
  tags      = [digitalocean_tag.page.id]
  user_data = local.user_data
}

resource "digitalocean_firewall" "page" {
  name = "page"
  tags = [digitalocean_tag.page.id]

  inbound_rule {
    protocol    = "tcp"
    port_range  = "8080"
    source_tags = [digitalocean_tag.page.id]
  }

  outbound_rule {
    protocol              = "tcp"
    port_range            = "1-65535"
    destination_addresses = ["0.0.0.0/0"]
  }
}

resource "digitalocean_volume" "pages" {
  name   = "pages"
  region = "lon1"
  size   = 5
}

resource "digitalocean_volume_attachment" "pages" {
  droplet_id = digitalocean_droplet.page["lon1"].id
  volume_id  = digitalocean_volume.pages.id
}

output "addresses" {
  value = { for region, droplet in digitalocean_droplet.page : region => droplet.ipv4_address }
}
