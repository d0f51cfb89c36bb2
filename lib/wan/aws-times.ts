import { triangularTable } from "./triangular-table";

/** Where the numbers between AWS's regions come from, for reports. */
export const AWS_SOURCE =
  "cloudping's published round-trip times between AWS's regions (https://www.cloudping.co), " +
  "medians over one year, as read on 2026-11-29 from a copy some months older";

/** Regions in the order of the published table, without the cloud's name. */
const REGIONS =
  "us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-north-1 " +
  "eu-south-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2 ap-east-1 af-south-1";

/** Medians in ms, both directions rounded together; row i, column j is the pair of regions i and i + 1 + j. */
const PUBLISHED_P50 = [
  [15, 64, 64, 16, 115, 70, 78, 84, 93, 112, 101, 192, 219, 200, 149, 179, 197, 228],
  [53, 51, 28, 126, 80, 89, 95, 104, 124, 112, 204, 204, 188, 135, 165, 185, 239],
  [22, 80, 175, 130, 148, 144, 153, 173, 162, 231, 170, 139, 108, 133, 155, 288],
  [61, 174, 118, 129, 135, 143, 156, 151, 222, 160, 141, 98, 123, 145, 275],
  [125, 69, 79, 86, 93, 107, 102, 193, 214, 198, 146, 176, 196, 225],
  [178, 187, 196, 205, 222, 213, 302, 327, 312, 258, 288, 308, 339],
  [14, 20, 27, 41, 36, 126, 182, 256, 201, 231, 230, 161],
  [11, 18, 32, 27, 118, 172, 266, 211, 242, 206, 151],
  [13, 32, 21, 109, 167, 280, 218, 248, 200, 147],
  [23, 12, 129, 161, 252, 227, 231, 193, 156],
  [31, 149, 181, 271, 247, 250, 213, 174],
  [110, 152, 243, 218, 222, 184, 190],
  [63, 154, 133, 134, 97, 273],
  [95, 71, 74, 37, 319],
  [106, 146, 128, 409],
  [36, 52, 358],
  [39, 387],
  [359],
];

/** The published median between two of AWS's regions in ms, by their slugs; undefined where there is none. */
export const awsP50 = triangularTable(
  REGIONS.split(" ").map((name) => `aws:${name}`),
  PUBLISHED_P50,
);
