import { EtcdUpkeepProps, Weekday } from "../../lib";
import { cluster, synth } from "../synth";

/** The content of a file on a member's node, as a Terraform expression. */
function fileOf(props: EtcdUpkeepProps | undefined, path: string): string {
  const { locals } = synth((stack) => cluster(stack, undefined, { upkeep: props }));
  const [, files] = Object.entries(locals).find(([name]) => name.startsWith("etcd_etcd-lon1_bundle_files_")) ?? [];
  return (files as Record<string, { content: string }>)[path].content;
}

const TIMER = "/etc/systemd/system/etcd-defragment.timer";

describe("defragmentation", () => {
  it("is nightly unless told otherwise", () => {
    expect(fileOf(undefined, TIMER)).toContain('{"weekday" = "", "hour" = 3}');
    expect(fileOf({ weekday: Weekday.SUNDAY, hour: 22 }, TIMER)).toContain('{"weekday" = "Sun", "hour" = 22}');
  });

  it("can be switched off, and metrics go on", () => {
    expect(fileOf(undefined, "/etc/etcd/timers")).toMatch(
      /"etcd-defragment\.timer" = true, .*"etcd-metrics\.timer" = true/,
    );
    expect(fileOf({ defragment: false }, "/etc/etcd/timers")).toMatch(
      /"etcd-defragment\.timer" = false, .*"etcd-metrics\.timer" = true/,
    );
  });

  it("has to give back 100 MiB, or what is asked for", () => {
    expect(fileOf(undefined, "/etc/etcd/upkeep.env")).toContain('"minimum_free_bytes" = 104857600');
    expect(fileOf({ minimumFreeMiB: 16 }, "/etc/etcd/upkeep.env")).toContain('"minimum_free_bytes" = 16777216');
  });
});
