import * as path from "node:path";
import type { GoTests } from "./tools/go-tests";

/** The lab's Go packages that have tests. */
export const LAB_GO_TESTS = {
  provider: {
    name: "provider",
    title: "the lab's stand-in for the digitalocean provider",
    sources: path.join(__dirname, "clouds", "digitalocean", "provider", "digitalocean"),
  },
  wan: { name: "wan", title: "the switch of the lab's WAN", sources: path.join(__dirname, "wan", "switch") },
} satisfies Readonly<Record<string, GoTests>>;
