import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..", "..");
const CLOUDS = /digital ?ocean|droplet|\baws\b|amazon|openstack|hetzner|\bec2\b/i;

/** Where clouds are known: kinds of machines, the names that are published, and distances, which are data. */
const MAY = [
  /^lib\/hosts\/[^/]+\//,
  /^lib\/index\.ts$/,
  /^lib\/wan\//,
  // The command line has no app to be told by which regions there are.
  /^lib\/cli\/(plan|usage)\.ts$/,
];

it("no cloud is named in the library but where its machines are made, and its regions listed", () => {
  const files = ["lib", "templates"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name))),
  );
  expect(files.length).toBeGreaterThan(200);
  const named = files
    .filter((file) => !MAY.some((pattern) => pattern.test(file)))
    .flatMap((file) =>
      readFileSync(path.join(ROOT, file), "utf8")
        .split("\n")
        .flatMap((line, index) => (CLOUDS.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
    );
  expect(named).toEqual([]);
});
