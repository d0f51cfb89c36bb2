import { App, TerraformStack } from "cdktf";
import { ValidationError } from "../../lib";
import { cluster, resources, synth, Synthesized } from "../synth";
import { find } from "../tools";
import { describeRules, renderedRules } from "./prometheus-rules";

/** The rules as Terraform renders them: a local, which the file in the access directory has. */
function rulesIn(synthesized: Synthesized): string {
  const content = String(resources(synthesized, "local_file")["etcd/alerts"].content);
  return String(synthesized.locals[content.replace(/^\$\{local\.|\}$/g, "")]);
}

describe("alerting rules", () => {
  it("are a file in the access directory only if asked for, with the cluster's id as the job", () => {
    const made = (asked: boolean): Synthesized =>
      synth((stack) => {
        const one = cluster(stack);
        if (asked) one.writeAlertRules();
      });
    expect(resources(made(false), "local_file")).toEqual({});
    const written = made(true);
    expect(resources(written, "local_file")["etcd/alerts"]).toMatchObject({
      filename: expect.stringMatching(/etcd-access\/alerts\.yaml$/) as unknown,
      file_permission: "0644",
    });
    expect(rulesIn(written)).toMatch(/alerts\.yaml\.tftpl.*"job" = "etcd"/);
  });

  it("take thresholds from the tuning, in seconds, and a job's name", () => {
    const text = synth((stack) => {
      cluster(stack).writeAlertRules({ job: "store/eu" });
    });
    expect(rulesIn(text)).toMatch(
      /"job" = "store\/eu".*"threshold" = 0\.1,.*"threshold" = 0\.287.*"commit_seconds" = 0\.5, "request_seconds" = 1,/,
    );
  });

  it("know when clients' certificates end, those of clients that are added later too", () => {
    const text = synth((stack) => {
      const made = cluster(stack);
      made.writeAlertRules();
      made.addClient("operator");
    });
    const locals = text.locals as Record<string, Record<string, string>>;
    const [name, ends] = Object.entries(locals).filter(([key]) => key.includes("client-expiry"))[0];
    expect(ends).toEqual({
      operator: expect.stringMatching(
        /^\$\{tls_locally_signed_cert\.etcd_client-operator_\w+\.validity_end_time\}$/,
      ) as unknown,
    });
    expect(rulesIn(text)).toContain(`"client_expiry" = local.${name}`);
  });

  it.each([
    "2027-11-22T18:00:00Z",
    "2028-02-29T23:59:59Z",
    "2028-03-01T00:00:00Z",
    "2100-02-28T12:34:56Z",
    "1970-01-01T00:00:00Z",
    "2027-01-01T00:30:00+05:30",
    "2026-12-31T20:15:01-03:30",
  ])("tell Prometheus of %s in seconds since 1970", (ends) => {
    expect(/vector\((\d+)\)/.exec(renderedRules({ operator: ends }))?.[1]).toBe(String(Date.parse(ends) / 1000));
  });

  it.each(['etcd"}', "", "a b", "${x}"])("refuse a job's name that would end the rule: %j", (job) => {
    const made = cluster(new TerraformStack(new App(), "test"));
    expect(() => made.alertRules({ job })).toThrow(ValidationError);
    expect(() => made.alertRules({ job })).toThrow(/^alertRules\.job: given /);
  });
});

const promtool = find("promtool");
// Where it is missing, the lab's tests install it: alert-rules.lab.test.ts.
if (promtool !== undefined) describeRules(() => promtool);
