/** Names of the clouds whose regions are built in: `Region.cloud`. */
export const DIGITAL_OCEAN = "digitalocean";
export const AWS = "aws";

/**
 * The clouds' regions by slug, each with the metropolitan area it is in.
 *
 * DigitalOcean's have their bare names: all of its list of data centres, also those which take no new customers (`ams2`,
 * `nyc2`, `sfo2`), as their machines live on. AWS's have the cloud's name before their own, as other clouds use the very
 * same ones: `eu-central-1` and `us-west-1` are regions of Alibaba Cloud, too.
 */
export const CLOUD_REGIONS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    DIGITAL_OCEAN,
    new Map([
      ["ams2", "ams"],
      ["ams3", "ams"],
      ["atl1", "atl"],
      ["blr1", "blr"],
      ["fra1", "fra"],
      ["lon1", "lon"],
      ["nyc1", "nyc"],
      ["nyc2", "nyc"],
      ["nyc3", "nyc"],
      ["ric1", "ric"],
      ["sfo2", "sfo"],
      ["sfo3", "sfo"],
      ["sgp1", "sgp"],
      ["syd1", "syd"],
      ["tor1", "tor"],
    ]),
  ],
  [
    AWS,
    new Map([
      ["aws:af-south-1", "cpt"],
      ["aws:ap-east-1", "hkg"],
      ["aws:ap-northeast-1", "tyo"],
      ["aws:ap-northeast-2", "sel"],
      ["aws:ap-south-1", "bom"],
      ["aws:ap-southeast-1", "sgp"],
      ["aws:ap-southeast-2", "syd"],
      ["aws:ca-central-1", "yul"],
      ["aws:eu-central-1", "fra"],
      ["aws:eu-north-1", "sto"],
      ["aws:eu-south-1", "mil"],
      ["aws:eu-west-1", "dub"],
      ["aws:eu-west-2", "lon"],
      ["aws:eu-west-3", "par"],
      ["aws:sa-east-1", "sao"],
      ["aws:us-east-1", "iad"],
      ["aws:us-east-2", "cmh"],
      ["aws:us-west-1", "sfo"],
      ["aws:us-west-2", "pdx"],
    ]),
  ],
]);
