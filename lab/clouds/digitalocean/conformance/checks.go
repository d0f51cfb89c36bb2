package main

var checks = []check{
	{"account", (*suite).account},
	{"regions", (*suite).regions},
	{"sizes", (*suite).sizes},
	{"images", (*suite).images},
	{"keys", (*suite).keys},
	{"tags", (*suite).tags},
	{"vpcs and peerings", (*suite).vpcs},
	{"droplets", (*suite).droplets},
	{"droplet actions", (*suite).dropletActions},
	{"firewalls", (*suite).firewalls},
	{"volumes", (*suite).volumes},
	{"reserved IPs", (*suite).reservedIPs},
	{"domains", (*suite).domains},
}
