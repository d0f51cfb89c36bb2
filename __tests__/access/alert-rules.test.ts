import { App, TerraformStack } from "cdktf";
import { ValidationError } from "../../lib";
import { cluster, resources, synth } from "../synth";
import { find } from "../tools";
import { describeRules } from "./prometheus-rules";

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

  it.each(['etcd"}', "", "a b", "${x}"])("refuse a job's name that would end the rule: %j", (job) => {
    const made = cluster(new TerraformStack(new App(), "test"));
    expect(() => made.alertRules({ job })).toThrow(ValidationError);
    expect(() => made.alertRules({ job })).toThrow(/^alertRules: job: given /);
  });
});

const promtool = find("promtool");
// Where it is missing, the lab's tests install it: alert-rules.lab.test.ts.
if (promtool !== undefined) describeRules(() => promtool);
