import * as path from "node:path";
import { TerraformLocal, TerraformStack, TerraformVariable } from "cdktf";
import { EtcdCluster, EtcdClusterReference } from "../../lib";
import { clientEnv, EtcdClientTimeLimits } from "../../lib/access/client-env";
import { Templates } from "../../lib/terraform/templates";
import { cluster, synth } from "../synth";
import { evaluate } from "../terraform/evaluate";
import { scratchDirectory } from "../templates/render";

const CLIENT = { clientName: "billing", certificatePem: "CERTIFICATE", privateKeyPem: "KEY" };
const ENDPOINTS = ["https://192.0.2.7:2379", "https://192.0.2.8:2379"];

const reference = (stack: TerraformStack, endpoints = ENDPOINTS): EtcdClusterReference =>
  EtcdCluster.fromAttributes(stack, "other", { endpoints, caCertificatePem: "CA" });

const scratch = scratchDirectory();
let renderings = 0;

/** Lines of the file, as Terraform renders it. */
function rendered(endpoints: (stack: TerraformStack) => string[], limits: EtcdClientTimeLimits): string[] {
  const { env } = evaluate(path.join(scratch, String((renderings += 1))), (stack) => ({
    env: clientEnv(Templates.of(stack), {
      clientName: "billing",
      directory: "/srv/o'neil/billing",
      endpoints: endpoints(stack),
      order: "as they were given",
      limits,
    }),
  }));
  return String(env).trimEnd().split("\n");
}

const FILES = [
  "export ETCDCTL_ENDPOINTS='https://192.0.2.7:2379,https://192.0.2.8:2379'",
  "export ETCDCTL_CACERT='/srv/o'\\''neil/billing/ca.crt'",
  "export ETCDCTL_CERT='/srv/o'\\''neil/billing/client.crt'",
  "export ETCDCTL_KEY='/srv/o'\\''neil/billing/client.key'",
];

describe("etcd.env of a cluster that is declared elsewhere", () => {
  it("names the endpoints and the files, and leaves time limits alone of which nothing is known", () => {
    const lines = rendered(() => ENDPOINTS, {});
    expect(lines.filter((line) => !line.startsWith("#"))).toEqual(FILES);
    expect(lines[1]).toBe("# Endpoints: as they were given.");
    expect(lines[2]).toContain("env -u ETCDCTL_ENDPOINTS etcdctl --endpoints=");
  });

  it("has the time limits that it is given, those alone", () => {
    const lines = rendered(() => ENDPOINTS, { dialTimeoutMs: 4000, attemptTimeoutMs: 750 });
    expect(lines.slice(-4)).toEqual([
      FILES[3],
      "export ETCDCTL_DIAL_TIMEOUT=4000ms",
      "# For programs: the limit for one attempt, after which the next endpoint is tried, and the one for a call with all its attempts.",
      "export ETCD_CLIENT_ATTEMPT_TIMEOUT=750ms",
    ]);
    expect(lines[1]).toContain("Time limits come from the distances");
  });

  it("has endpoints of which only Terraform knows how many there are", () => {
    const late = (stack: TerraformStack): string[] => new TerraformLocal(stack, "endpoints", ENDPOINTS).asList;
    expect(rendered(late, {}).filter((line) => !line.startsWith("#"))).toEqual(FILES);
  });
});

describe("time limits", () => {
  const write = (timeLimits: unknown) => () =>
    synth((stack) => {
      reference(stack).writeClientFiles({ ...CLIENT, timeLimits: timeLimits as EtcdClientTimeLimits });
    });

  it("are those of a cluster's access, or numbers that only Terraform knows", () => {
    expect(
      synth((stack) => {
        reference(stack).writeClientFiles({ ...CLIENT, timeLimits: cluster(stack).clientAccess({ from: "sgp1" }) });
      }),
    ).toBeDefined();
    expect(
      synth((stack) => {
        const { numberValue } = new TerraformVariable(stack, "dial", { type: "number" });
        reference(stack).writeClientFiles({ ...CLIENT, timeLimits: { dialTimeoutMs: numberValue } });
      }),
    ).toBeDefined();
  });

  it.each([
    [{ dialTimeoutMs: 0 }, /^timeLimits\.dialTimeoutMs: given 0 ms, expected a whole number from 1/],
    [{ attemptTimeoutMs: "750" }, /^timeLimits\.attemptTimeoutMs: given "750", expected a number/],
    [{ dialTimeout: 5 }, /^timeLimits\.dialTimeout: given a prop that does not exist/],
    [{ totalTimeoutMs: 1.5 }, /^timeLimits\.totalTimeoutMs: given 1\.5 ms/],
    [750, /^timeLimits: given 750, expected an object/],
  ])("are refused as %j", (given, message) => {
    expect(write(given)).toThrow(message);
  });
});
