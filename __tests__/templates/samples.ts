import {
  asItIs,
  comment,
  environmentValue,
  loginName,
  plainName,
  rcloneValue,
  shellBare,
  shellList,
  shellWord,
  unitText,
  Written,
} from "../../lib/terraform/writers";
import { plain, Rendering } from "./render";

/** One node, with all that the templates are told about it. */
export interface Sample {
  readonly name: string;
  /** Names of the other members. */
  readonly others: readonly string[];
  /** Whether its address is in the genesis record. */
  readonly founder: boolean;
}

const LONGEST_LABEL = `0${"x-".repeat(30)}x9`;

/** Several members, none beside it, and names at the edges of what a DNS label may be. */
export const SAMPLES: readonly Sample[] = [
  { name: "etcd-lon1", others: ["etcd-nyc3", "etcd-sgp1"], founder: true },
  { name: "etcd-lon1", others: [], founder: true },
  { name: LONGEST_LABEL, others: ["0", "a--b"], founder: false },
];

export const VERSION = "3.6.14";
const SHA256 = "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5";
const URL = `https://mirror.example/v${VERSION}/etcd-v${VERSION}-linux-amd64.tar.gz`;

/** Shaped like OpenSSH's, and no key. */
export const HOST_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nbm8ga2V5\n-----END OPENSSH PRIVATE KEY-----\n";
export const HOST_PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vIGtleQ";
/** As a host that is made elsewhere may give it: of another type, with a comment, and the key of a way there on a second line. */
export const OTHER_HOST_PUBLIC_KEY =
  "ssh-rsa AAAAB3NzaC1yc2E root@rack\n[192.0.2.1]:22 ecdsa-sha2-nistp256 AAAAE2VjZHNh\n";
export const AUTHORIZED_KEYS = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxvZ2lu login-key-2",
  "ssh-ed25519 AAAAC3Nz jo & co",
];
/** With all that YAML could stumble over. */
export const SSHD_CONFIG =
  '# a "comment": with <all>\nHostKeyAlgorithms ssh-ed25519\nMatch User root\n  ForceCommand none\n';

const address = (index: number): string => `198.51.100.${index + 1}`;
const clientUrl = (index: number): string => `https://${address(index)}:2379`;
const peerUrl = (index: number): string => `https://${address(index)}:2380`;

/** The step scripts that exist. */
export const STEPS = ["prepare-founding", "activate", "converge"] as const;

/** What every template that has to be rendered is given for a node, but for those that hold other rendered files. */
export function filesOf(sample: Sample, getEtcd: string) {
  const { name, others } = sample;
  const members = [name, ...others];
  const endpoints = members.map((_, index) => clientUrl(index));
  const user = sample.founder ? "root" : "admin";
  const host_key = sample.founder ? HOST_PUBLIC_KEY : OTHER_HOST_PUBLIC_KEY;
  const dial = { dial_timeout_ms: 3900, command_timeout_ms: 8000 };
  const limits = {
    keepalive_time_ms: 10_000,
    keepalive_timeout_ms: 2700,
    attempt_timeout_ms: 750,
    total_timeout_ms: 4800,
  };
  return {
    unit: {
      template: "member/etcd.service.tftpl",
      variables: { name: unitText(name), version: unitText(VERSION), streams_by: asItIs("cubic"), go_heap_mib: 1433 },
    },
    env: {
      template: "member/etcd.env.tftpl",
      variables: {
        settings: {
          ETCD_NAME: environmentValue(name),
          ETCD_LISTEN_CLIENT_URLS: environmentValue("https://0.0.0.0:2379"),
          ETCD_ADVERTISE_CLIENT_URLS: environmentValue(clientUrl(0)),
          ETCD_FEATURE_GATES: environmentValue("InitialCorruptCheck=true,CompactHashCheck=true"),
        },
      },
    },
    endpoints: {
      template: "member/endpoints.env.tftpl",
      variables: {
        endpoint: environmentValue(clientUrl(0)),
        endpoints: environmentValue(members.map((_, index) => clientUrl(index)).join(",")),
      },
    },
    etcdctl: { template: "member/etcdctl.env.tftpl", variables: dial },
    sysctl: { template: "streams/sysctl.conf.tftpl", variables: { max_rtt_ms: 224.5, buffer_bytes: 28_311_552 } },
    declared: {
      template: "rollout/declared.env.tftpl",
      variables: {
        member: shellWord(name),
        members: shellList(members),
        version: shellWord(VERSION),
        enters_from: shellList(["3.5", "3.6"]),
        least_predecessor: shellWord("3.5.26"),
        log_readable_since: shellWord(sample.founder ? "" : "3.6"),
        genesis: 1,
        recover_from: shellWord(""),
        restore: shellWord(sample.founder ? "etcd-20261122T180000Z-4711.db" : ""),
        adopted_client_urls: shellList(sample.founder ? [] : ["https://192.0.2.7:2379"]),
        adopted_peer_urls: shellList(sample.founder ? [] : ["https://192.0.2.7:2380"]),
        retire_adopted: shellWord(sample.founder ? "yes" : ""),
      },
    },
    metadata: {
      template: "metadata/metadata.env.tftpl",
      variables: { closed: sample.founder, readers: shellList(sample.founder ? ["do-agent", "agent"] : []) },
    },
    node: { template: "node/node.env.tftpl", variables: { name: shellWord(name) } },
    timers: { template: "node/timers.tftpl", variables: { timers: { "etcd-leader.timer": true } } },
    rollout: {
      template: "rollout/rollout.env.tftpl",
      variables: {
        member: name,
        machine_id: shellWord("12345678"),
        peer_url: shellWord(peerUrl(0)),
        addresses: members.map((_, index) => address(index)),
        addresses_at_start: [address(0), "203.0.113.80", ""],
        other_client_urls: shellList(others.map((_, index) => clientUrl(index + 1))),
        other_peer_urls: shellList(others.map((_, index) => peerUrl(index + 1))),
        declared: shellList(members.map((member, index) => `${member}=${clientUrl(index)}`)),
        genesis: Object.fromEntries(
          (sample.founder ? members : others).map((member, index) => [
            member,
            { machine_id: String(index + 1), peer_url: peerUrl(index) },
          ]),
        ),
        dial_seconds: 4,
        silence_seconds: 5,
        health_budget_seconds: 132,
        join_budget_seconds: 1800,
      },
    },
    leader: {
      template: "leader/leader.env.tftpl",
      variables: {
        order: shellList(members),
        well_placed: shellList(members.slice(0, 1)),
        better_placed: shellList(members.slice(1).map((other) => `${other}=204.8`)),
        settle_seconds: 64,
        handover_pause_seconds: 1.5,
      },
    },
    cloudInit: {
      template: "boot/cloud-init.yaml.tftpl",
      variables: {
        host_private_key: HOST_KEY,
        host_public_key: HOST_PUBLIC_KEY,
        authorized_keys: AUTHORIZED_KEYS,
        sshd_config: SSHD_CONFIG,
        get_etcd: getEtcd,
        downloads: [{ version: shellWord(VERSION), url: shellWord(URL), sha256: shellWord(SHA256) }],
      },
    },
    cloudInitWithoutDownload: {
      template: "boot/cloud-init.yaml.tftpl",
      variables: {
        host_private_key: HOST_KEY,
        host_public_key: HOST_PUBLIC_KEY,
        authorized_keys: AUTHORIZED_KEYS,
        sshd_config: SSHD_CONFIG,
        get_etcd: getEtcd,
        downloads: [],
      },
    },
    cloudInitArchive: {
      template: "boot/cloud-init-archive.yaml.tftpl",
      variables: { own: "#cloud-config\n", parts: [{ type: "text/x-shellscript", content: "#!/bin/sh\n" }], merge: "" },
    },
    sshd: { template: "ssh/sshd.conf.tftpl", variables: { user: loginName(user), host_key } },
    sshAccess: { template: "ssh/ssh.env.tftpl", variables: { user: shellWord(user), host_key } },
    authorizedKeys: {
      template: "ssh/authorized-keys.tftpl",
      variables: { keys: sample.founder ? AUTHORIZED_KEYS.map((key) => `${key}\n`) : [] },
    },
    alerts: {
      template: "access/alerts.yaml.tftpl",
      variables: {
        job: plainName("etcd"),
        quorum: Math.floor(members.length / 2) + 1,
        members: members.length,
        pairs: others.map((other) => ({ a: name, b: other, threshold: 0.4096, usual_ms: 229 })),
        commit_seconds: 0.5,
        request_seconds: 1,
        failover_seconds: 3.3,
        no_leader_seconds: 60,
        preferred: name,
        worse_placed: others.join("|"),
        away_minutes: 15,
        cluster: plainName("etcd"),
        leaf_seconds: 3_888_000,
        authority_seconds: 31_536_000,
        authority_late_seconds: 10_512_000,
        backup_seconds: 43_800,
        backed_up: sample.founder,
        client_expiry: sample.founder ? { operator: "2027-11-22T18:00:00Z" } : {},
      },
    },
    backup: {
      template: "backup/backup.env.tftpl",
      variables: {
        interval_seconds: 21_600,
        overdue_seconds: 43_800,
        keep_local: 2,
        stored: sample.founder,
        keep_days: 30,
        keep_at_least: 8,
      },
    },
    backupTimer: {
      template: "backup/etcd-backup.timer.tftpl",
      variables: { hours: sample.founder ? [0, 6, 12, 18] : [0], jitter_seconds: 600 },
    },
    upkeep: {
      template: "upkeep/upkeep.env.tftpl",
      variables: { cluster: shellBare("etcd"), minimum_free_bytes: 104_857_600, in_place_bytes: 67_108_864 },
    },
    defragmentTimer: {
      template: "upkeep/etcd-defragment.timer.tftpl",
      variables: { weekday: unitText(sample.founder ? "Sun" : ""), hour: 3 },
    },
    rclone: {
      template: "backup/rclone.conf.tftpl",
      variables: {
        endpoint: rcloneValue("https://ams3.example"),
        region: rcloneValue("ams3"),
        remote: rcloneValue("store:backups/etcd"),
        access_key_id: rcloneValue("NOKEY"),
        secret_access_key: rcloneValue("no secret"),
      },
    },
    clientEnv: {
      template: "access/client.env.tftpl",
      variables: { ...client(name), endpoints: shellWord(endpoints.join(",")), ...dial, ...limits },
    },
    clientCurl: {
      template: "access/client-curl.sh.tftpl",
      variables: { ...client(name), endpoints: endpoints.map(shellBare).join(" "), ...dial, ...limits },
    },
    authorizeTask: {
      template: "authorization/task.sh.tftpl",
      variables: { declared: asItIs("enabled yes"), cut: sample.founder },
    },
  } satisfies Record<string, Rendering>;
}

function client(name: string) {
  const file = (one: string): Written => shellWord(`/home/jo o'neil/$ & co/${one}`);
  return {
    client: comment(name),
    env_file: comment(file("etcd.env")),
    ca: file("ca.crt"),
    certificate: file("client.crt"),
    key: file("client.key"),
    own_key: false,
    own_certificate: false,
    order: comment("nearest to nyc3 first"),
  };
}

const DIGEST = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

/** What is staged: it carries files that were rendered before. */
export function stageOf(sample: Sample, rendered: Readonly<Record<"unit" | "env", string>>) {
  return {
    stage: {
      template: "node/stage.sh.tftpl",
      variables: {
        name: shellWord(sample.name),
        boot_timeout_seconds: 300,
        valid_from: shellWord("2026-11-22T15:00:00Z"),
        digest: shellWord(DIGEST),
        files: {
          "/etc/systemd/system/etcd.service": { mode: "0644", owner: "root:root", content: rendered.unit },
          "/etc/etcd/etcd.env": { mode: "0644", owner: "root:root", content: rendered.env },
          "/etc/etcd/pki/peer.key": { mode: "0400", owner: "etcd:etcd", content: "no key\n" },
        },
        packages: sample.founder ? ["rclone"] : [],
        before: ["rollout/stage-check", "ssh/stage-prepare", "rollout/stage-prepare"].map((name) =>
          plain(`${name}.sh.part`),
        ),
        after: [plain("streams/stage-end.sh.part")],
        version: shellWord(VERSION),
        sha256: shellWord(SHA256),
        url: shellWord(URL),
      },
    },
  } satisfies Record<string, Rendering>;
}

/** What members do in each step once the files are staged. */
export function tasksOf(sample: Sample, rendered: Readonly<Record<"rollout", string>>) {
  const task = (...commands: string[]): Rendering => ({
    template: "rollout/task.sh.tftpl",
    variables: { commands, name: shellWord(sample.name), rollout_env: rendered.rollout },
  });
  return {
    "prepare-founding": task("prepare-founding"),
    activate: task("activate"),
    converge: task("activate", "converge"),
  } satisfies Record<(typeof STEPS)[number], Rendering>;
}

/** What the steps are given: they carry what is staged, and their tasks. */
export function stepsOf(
  sample: Sample,
  { stage, tasks }: { readonly stage: string; readonly tasks: Readonly<Record<(typeof STEPS)[number], string>> },
) {
  const step = (title: string, task: string): Rendering => ({
    template: "node/step.sh.tftpl",
    variables: {
      title: comment(title),
      name: shellWord(sample.name),
      session: plain("node/session.sh"),
      stage,
      digest: shellWord(DIGEST),
      task,
    },
  });
  return {
    install: step("install", ""),
    "prepare-founding": step("prepare-founding", tasks["prepare-founding"]),
    activate: step("activate", tasks.activate),
    converge: step("activate, then converge", tasks.converge),
  } satisfies Record<string, Rendering>;
}
