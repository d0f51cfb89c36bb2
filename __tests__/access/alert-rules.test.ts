import { App, TerraformStack } from "cdktf";
import { ValidationError } from "../../lib";
import { cluster, resources, synth } from "../synth";
import { find } from "../tools";
import { describeRules, renderedRules } from "./prometheus-rules";

describe("alerting rules", () => {
  it("are a file in the access directory only if asked for, with the cluster's id as the job", () => {
    const written = (asked: boolean) =>
      resources(
        synth((stack) => {
          const made = cluster(stack);
          if (asked) made.writeAlertRules();
        }),
        "local_file",
      );
    expect(written(false)).toEqual({});
    expect(written(true)["etcd/alerts"]).toMatchObject({
      filename: expect.stringMatching(/etcd-access\/alerts\.yaml$/) as unknown,
      content: expect.stringMatching(/alerts\.yaml\.tftpl.*"job" = "etcd"/) as unknown,
      file_permission: "0644",
    });
  });

  it("take thresholds from the tuning, in seconds, and a job's name", () => {
    const text = synth((stack) => {
      cluster(stack).writeAlertRules({ job: "store/eu" });
    });
    expect(String(resources(text, "local_file")["etcd/alerts"].content)).toMatch(
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
    expect(String(resources(text, "local_file")["etcd/alerts"].content)).toContain(`"client_expiry" = local.${name}`);
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
