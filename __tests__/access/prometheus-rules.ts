import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { BACKUP, cluster, synth } from "../synth";
import { Templates } from "../../lib/terraform/templates";
import { asItIs } from "../../lib/terraform/writers";
import { render, scratchDirectory } from "../templates/render";
import { runCommand } from "../tools";

type Labels = Readonly<Record<string, string>>;

/**
 * The rules of a cluster in London, New York and Singapore, as a deploy writes them.
 *
 * @param client_expiry when clients' certificates end, which is known only once it is applied
 */
export function renderedRules(client_expiry: Labels = { operator: "2027-11-22T18:00:00Z" }): string {
  let variables: Readonly<Record<string, unknown>> = {};
  const spy = jest.spyOn(Templates.prototype, "render").mockImplementation((name, given) => {
    if (name === "access/alerts.yaml.tftpl") variables = given;
    return asItIs("");
  });
  synth((stack) => cluster(stack, undefined, { backup: BACKUP }).alertRules());
  spy.mockRestore();
  return render({ alerts: { template: "access/alerts.yaml.tftpl", variables: { ...variables, client_expiry } } })
    .alerts;
}

const MEMBERS = { "etcd-lon1": "a1", "etcd-nyc3": "b2", "etcd-sgp1": "c3" };

/** A metric over two hours, a sample a minute, in promtool's notation. */
const series = (name: string, labels: Labels, values: string) => ({
  series: `${name}{${Object.entries({ job: "etcd", ...labels })
    .map(([key, value]) => `${key}="${value}"`)
    .join(",")}}`,
  values,
});

/** A histogram all of whose observations, ten a minute, fall between two of its buckets' bounds. */
const histogram = (name: string, labels: Labels, above: string, upTo: string) =>
  [above, upTo, "+Inf"].map((le, index) =>
    series(`${name}_bucket`, { ...labels, le }, index === 0 ? "0x120" : "0+10x120"),
  );

/** As etcd's two probers enter it: one round trip and three, in turn. */
const roundTrips = (member: string, peer: keyof typeof MEMBERS, seconds: number) => {
  const labels = { member, To: MEMBERS[peer] };
  const metric = "etcd_network_peer_round_trip_time_seconds";
  return [series(`${metric}_sum`, labels, `0+${8 * seconds}x120`), series(`${metric}_count`, labels, "0+4x120")];
};

const requests = (member: string, method: string, above: string, upTo: string) =>
  histogram(
    "grpc_server_handling_seconds",
    { member, grpc_service: "etcdserverpb.KV", grpc_method: method, grpc_type: "unary" },
    above,
    upTo,
  );

const ids = Object.entries(MEMBERS).map(([member, id]) => series("etcd_server_id", { member, server_id: id }, "1x120"));

/** All up, with that leader. */
const cluster3 = (leader: string) => [
  ...ids,
  ...Object.keys(MEMBERS).flatMap((member) => [
    series("up", { member }, "1x120"),
    series("etcd_server_has_leader", { member }, "1x120"),
    series("etcd_server_is_leader", { member }, member === leader ? "1x120" : "0x120"),
    series("etcd_server_leader_changes_seen_total", { member }, "1x120"),
    series("etcd_mvcc_db_total_size_in_bytes", { member }, "1000000000x120"),
    series("etcd_server_quota_backend_bytes", { member }, "2147483648x120"),
  ]),
];

const DAY = 86_400;

/** From node_exporter's textfile collector; promtool's clock starts at 0, and is read after 90 minutes. */
const onMachine = (name: string, labels: Labels, value: number) => ({
  series: `cdktf_etcd_${name}{${Object.entries({ job: "node", cluster: "etcd", ...labels })
    .map(([key, given]) => `${key}="${given}"`)
    .join(",")}}`,
  values: `${value}x120`,
});

interface Series {
  readonly series: string;
  readonly values: string;
}

/** What is measured, and which alerts fire at a time, 90 minutes unless told: their names and the members they are about. */
interface Scenario {
  readonly input: Series[];
  readonly firing: string[];
  readonly at?: string;
}

/** Where a scenario is not about backups, there is one. */
const backedUp = (input: Series[]): Series[] =>
  input.some(({ series }) => series.startsWith("cdktf_etcd_backup_"))
    ? input
    : [...input, onMachine("backup_timestamp_seconds", { member: "etcd-lon1" }, 0)];

const SCENARIOS: Record<string, Scenario> = {
  "nothing across the ordinary distances, where a rule for one city would fire all the time": {
    input: [
      ...cluster3("etcd-lon1"),
      ...roundTrips("etcd-nyc3", "etcd-sgp1", 0.229),
      ...roundTrips("etcd-lon1", "etcd-sgp1", 0.183),
      ...roundTrips("etcd-lon1", "etcd-nyc3", 0.08),
      ...requests("etcd-lon1", "Txn", "0.05", "0.1"),
      ...requests("etcd-sgp1", "Put", "0.25", "0.5"),
    ],
    firing: [],
  },
  "a near peer that has become as slow as a far one": {
    input: [
      ...cluster3("etcd-lon1"),
      ...roundTrips("etcd-lon1", "etcd-nyc3", 0.224),
      ...roundTrips("etcd-nyc3", "etcd-sgp1", 0.224),
    ],
    firing: ["EtcdPeerRoundTripSlow etcd-lon1 etcd-nyc3"],
  },
  "a far peer that has become slower": {
    input: [...cluster3("etcd-lon1"), ...roundTrips("etcd-sgp1", "etcd-nyc3", 0.3)],
    firing: ["EtcdPeerRoundTripSlow etcd-sgp1 etcd-nyc3"],
  },
  "slow commits at the leader, not slow requests that a follower forwards": {
    input: [
      ...cluster3("etcd-lon1"),
      ...requests("etcd-lon1", "Txn", "0.5", "1"),
      ...requests("etcd-sgp1", "Txn", "0.5", "1"),
    ],
    firing: ["EtcdCommitSlow etcd-lon1"],
  },
  "requests that distance does not explain": {
    input: [...cluster3("etcd-lon1"), ...requests("etcd-sgp1", "Range", "1", "2.5")],
    firing: ["EtcdRequestSlow etcd-sgp1"],
  },
  "a leader that stays away from its place": {
    input: cluster3("etcd-sgp1"),
    firing: ["EtcdLeaderNotAtItsPlace etcd-sgp1"],
  },
  "a member that is down, whose place the next best takes": {
    input: cluster3("etcd-nyc3").map((one) =>
      one.series.startsWith("up{") && one.series.includes("lon1") ? { ...one, values: "0x120" } : one,
    ),
    firing: ["EtcdMemberDown etcd-lon1"],
  },
  "no quorum": {
    input: [
      ...ids,
      series("up", { member: "etcd-lon1" }, "0x120"),
      series("up", { member: "etcd-nyc3" }, "0x120"),
      series("up", { member: "etcd-sgp1" }, "1x120"),
      series("etcd_server_has_leader", { member: "etcd-sgp1" }, "0x120"),
    ],
    firing: ["EtcdMemberDown etcd-lon1", "EtcdMemberDown etcd-nyc3", "EtcdNoLeader etcd-sgp1", "EtcdQuorumLost"],
  },
  "a leader that changes every ten minutes": {
    input: [
      ...ids,
      series(
        "etcd_server_leader_changes_seen_total",
        { member: "etcd-lon1" },
        Array.from({ length: 120 }, (_, minute) => Math.floor(minute / 10) + 1).join(" "),
      ),
    ],
    firing: ["EtcdLeaderChangesOften"],
  },
  "certificates and authorities that end soon": {
    input: [
      ...cluster3("etcd-lon1"),
      onMachine("certificate_expiry_timestamp_seconds", { member: "etcd-lon1", certificate: "server" }, 44 * DAY),
      onMachine("certificate_expiry_timestamp_seconds", { member: "etcd-nyc3", certificate: "server" }, 46 * DAY),
      onMachine("certificate_expiry_timestamp_seconds", { member: "etcd-lon1", certificate: "peer-ca" }, 364 * DAY),
      onMachine("certificate_expiry_timestamp_seconds", { member: "etcd-nyc3", certificate: "client-ca" }, 366 * DAY),
    ],
    firing: ["EtcdAuthorityExpires etcd-lon1", "EtcdCertificateExpires etcd-lon1"],
  },
  "an authority whose rotation is late": {
    input: [
      ...cluster3("etcd-lon1"),
      onMachine("certificate_expiry_timestamp_seconds", { member: "etcd-lon1", certificate: "client-ca" }, 121 * DAY),
      onMachine("certificate_expiry_timestamp_seconds", { member: "etcd-nyc3", certificate: "client-ca" }, 122 * DAY),
    ],
    firing: ["EtcdAuthorityExpires etcd-lon1", "EtcdAuthorityExpires etcd-nyc3", "EtcdAuthorityExpiresSoon etcd-lon1"],
  },
  "backups that one member sees and another one could not list lately": {
    input: [
      ...cluster3("etcd-lon1"),
      onMachine("backup_timestamp_seconds", { member: "etcd-lon1" }, -50_000),
      onMachine("backup_timestamp_seconds", { member: "etcd-sgp1" }, -3600),
    ],
    firing: [],
  },
  "a backup that is overdue": {
    input: [
      ...cluster3("etcd-lon1"),
      onMachine("backup_timestamp_seconds", { member: "etcd-lon1" }, -50_000),
      onMachine("backup_timestamp_seconds", { member: "etcd-sgp1" }, -45_000),
      // Another cluster's are no help.
      { series: 'cdktf_etcd_backup_timestamp_seconds{cluster="other",member="x"}', values: "0x120" },
    ],
    firing: ["EtcdBackupOverdue"],
  },
  "a storage that never answered": {
    input: [{ series: 'cdktf_etcd_backup_timestamp_seconds{cluster="etcd",member="etcd-lon1"}', values: "0x900" }],
    // Counted from 1970, which is where promtool's clock starts.
    at: "14h",
    firing: ["EtcdBackupOverdue"],
  },
  "backups of which nobody collects the metrics": {
    input: [
      ...cluster3("etcd-lon1"),
      { series: 'cdktf_etcd_backup_timestamp_seconds{cluster="other",member="x"}', values: "0x120" },
    ],
    firing: ["EtcdBackupUnknown"],
  },
  "nothing where the metrics come within the hour after the rules": {
    input: [
      ...cluster3("etcd-lon1"),
      { series: 'cdktf_etcd_backup_timestamp_seconds{cluster="etcd",member="etcd-lon1"}', values: "_x40 0x80" },
    ],
    firing: [],
  },
  "an alarm": {
    input: [
      ...cluster3("etcd-lon1"),
      onMachine("alarms", { member: "etcd-lon1", alarm: "NOSPACE" }, 1),
      onMachine("alarms", { member: "etcd-nyc3", alarm: "CORRUPT" }, 0),
    ],
    firing: ["EtcdAlarm"],
  },
  "a rollout that nobody has finished": {
    input: [
      ...cluster3("etcd-lon1"),
      onMachine("rollout_unfinished", { member: "etcd-lon1" }, 0),
      onMachine("rollout_unfinished", { member: "etcd-sgp1" }, 1),
    ],
    firing: ["EtcdRolloutUnfinished etcd-sgp1"],
  },
  "a database near its quota": {
    input: cluster3("etcd-lon1").map((one) =>
      one.series.startsWith("etcd_mvcc") && one.series.includes("nyc3") ? { ...one, values: "1800000000x120" } : one,
    ),
    firing: ["EtcdDatabaseNearQuota etcd-nyc3"],
  },
};

/** Tests of the rules with Prometheus' own tool. */
export function describeRules(promtool: () => string): void {
  describe("the alerting rules, by promtool's judgement", () => {
    const directory = scratchDirectory();
    const write = (name: string, content: string): string => {
      const file = path.join(directory, name);
      writeFileSync(file, content);
      return file;
    };

    beforeAll(() => {
      write("alerts.yaml", renderedRules());
    });

    it("are in order", () => {
      const { status, output } = runCommand(promtool(), ["check", "rules", "alerts.yaml"], { cwd: directory });
      expect([status, output]).toEqual([0, expect.stringMatching(/SUCCESS: \d+ rules found/)]);
    });

    it.each(Object.entries(SCENARIOS))("fire for %s", (_name, { input, firing, at }) => {
      const labels = (alert: string): string => {
        const names = ["alertname", "member", "peer"];
        const values = alert.split(" ");
        return `{${values.map((value, index) => `${names[index]}="${value}"`).join(",")}}`;
      };
      const test = {
        rule_files: ["alerts.yaml"],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: backedUp(input),
            promql_expr_test: [
              {
                expr: 'count by (alertname, member, peer) (ALERTS{alertstate="firing"})',
                eval_time: at ?? "90m",
                exp_samples: firing.map((alert) => ({ labels: labels(alert), value: 1 })),
              },
            ],
          },
        ],
      };
      write("test.yaml", JSON.stringify(test));
      const { status, output } = runCommand(promtool(), ["test", "rules", "test.yaml"], { cwd: directory });
      expect([status, output]).toEqual([0, expect.stringContaining("SUCCESS")]);
    });
  });
}
