/** One of everything, in three regions. */
export const EVERYTHING = `
variable "name" { default = "one" }
variable "size" { default = "s-1vcpu-1gb" }
variable "tags" {
  type = list(string)
  default = ["store", "env:prod"]
}
locals { regions = toset(["lon1", "nyc3", "sgp1"]) }
resource "tls_private_key" "k" { algorithm = "ED25519" }
resource "digitalocean_ssh_key" "k" {
  name = "k"
  public_key = tls_private_key.k.public_key_openssh
}
resource "digitalocean_tag" "t" { name = "Of:Lab" }
resource "digitalocean_vpc" "v" {
  for_each = local.regions
  name = "v-\${each.key}"
  region = each.key
}
resource "digitalocean_droplet" "d" {
  for_each = local.regions
  name = "\${var.name}-\${each.key}"
  region = each.key
  size = var.size
  image = "debian-13-x64"
  ssh_keys = [digitalocean_ssh_key.k.id]
  vpc_uuid = digitalocean_vpc.v[each.key].id
  user_data = "#cloud-config"
  monitoring = true
  graceful_shutdown = true
  droplet_agent = false
  tags = concat(var.tags, [digitalocean_tag.t.id])
}
resource "digitalocean_firewall" "f" {
  name = "wall"
  droplet_ids = [for d in digitalocean_droplet.d : d.id]
  inbound_rule {
    protocol = "tcp"
    port_range = "22"
    source_addresses = ["198.51.100.7/32"]
  }
  inbound_rule {
    protocol = "tcp"
    port_range = "7000-7001"
    source_droplet_ids = [for d in digitalocean_droplet.d : d.id]
  }
  inbound_rule {
    protocol = "icmp"
    source_addresses = ["0.0.0.0/0", "::/0"]
  }
  outbound_rule {
    protocol = "udp"
    port_range = "all"
    destination_addresses = ["0.0.0.0/0"]
  }
}
resource "digitalocean_volume" "v" {
  region = "lon1"
  name = "data"
  size = 10
  initial_filesystem_type = "ext4"
}
resource "digitalocean_volume_attachment" "a" {
  droplet_id = digitalocean_droplet.d["lon1"].id
  volume_id = digitalocean_volume.v.id
}
resource "digitalocean_reserved_ip" "r" { region = "nyc3" }
resource "digitalocean_reserved_ip_assignment" "r" {
  ip_address = digitalocean_reserved_ip.r.ip_address
  droplet_id = digitalocean_droplet.d["nyc3"].id
}
resource "digitalocean_reserved_ip" "s" {
  droplet_id = digitalocean_droplet.d["sgp1"].id
  region = "sgp1"
}
resource "digitalocean_vpc_peering" "p" {
  name = "p"
  vpc_ids = [digitalocean_vpc.v["lon1"].id, digitalocean_vpc.v["nyc3"].id]
}
resource "local_sensitive_file" "f" {
  filename = "\${path.module}/out/a.txt"
  content = join(",", [for d in digitalocean_droplet.d : d.ipv4_address])
  file_permission = "0600"
}
data "digitalocean_image" "i" { slug = "debian-13-x64" }
data "digitalocean_region" "r" { slug = "lon1" }
data "digitalocean_account" "a" {}
data "digitalocean_droplets" "all" {
  filter {
    key = "name"
    values = [for d in digitalocean_droplet.d : d.name]
  }
  lifecycle {
    postcondition {
      condition = toset(self.droplets[*].ipv4_address) == toset([for d in digitalocean_droplet.d : d.ipv4_address])
      error_message = "not the droplets that were made"
    }
  }
}
data "digitalocean_sizes" "s" {
  filter {
    key = "vcpus"
    values = ["1"]
  }
  sort {
    key = "price_monthly"
  }
}
`;

export const DROPLET = `
variable "user_data" { default = "#cloud-config" }
variable "monitoring" { default = false }
resource "digitalocean_droplet" "d" {
  name       = "alone"
  region     = "lon1"
  size       = "s-1vcpu-1gb"
  image      = "debian-13-x64"
  user_data  = var.user_data
  monitoring = var.monitoring
}
`;

/** The original sent 19 requests to create this, 9 to plan and 24 to destroy, and took 10.7, 0.5 and 20.8 s. */
export const THREE_DROPLETS = `
locals { regions = toset(["lon1", "nyc3", "sgp1"]) }
resource "digitalocean_ssh_key" "k" {
  name       = "k"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b"
}
resource "digitalocean_tag" "t" { name = "store" }
resource "digitalocean_vpc" "v" {
  for_each = local.regions
  name     = "v-\${each.key}"
  region   = each.key
}
resource "digitalocean_droplet" "d" {
  for_each = local.regions
  name     = "d-\${each.key}"
  region   = each.key
  size     = "s-1vcpu-1gb"
  image    = "debian-13-x64"
  ssh_keys = [digitalocean_ssh_key.k.id]
  vpc_uuid = digitalocean_vpc.v[each.key].id
  tags     = [digitalocean_tag.t.id]
}
resource "digitalocean_firewall" "f" {
  name        = "wall"
  droplet_ids = [for d in digitalocean_droplet.d : d.id]
  inbound_rule {
    protocol         = "icmp"
    source_addresses = ["0.0.0.0/0"]
  }
}
`;

export const IN_PROJECT = `
variable "project" {}
variable "names" {
  type    = list(string)
  default = ["a", "b"]
}
resource "digitalocean_droplet" "d" {
  for_each = toset(["a", "b"])
  name     = each.key
  region   = "lon1"
  size     = "s-1vcpu-1gb"
  image    = "debian-13-x64"
}
resource "digitalocean_project_resources" "p" {
  project   = var.project
  resources = [for name in var.names : digitalocean_droplet.d[name].urn]
}
`;
