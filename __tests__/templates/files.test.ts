import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { Construct } from "constructs";
import { parse } from "yaml";
import { CloudInitPartType, DigitalOceanHost } from "../../lib";
import { Templates } from "../../lib/terraform/templates";
import { BACKUP, cluster, SSH_FROM, synth } from "../synth";
import { runCommand } from "../tools";
import { plain, render, Rendering, scratchDirectory, templateNames } from "./render";
import {
  AUTHORIZED_KEYS,
  filesOf,
  HOST_KEY,
  HOST_PUBLIC_KEY,
  SAMPLES,
  SSHD_CONFIG,
  stageOf,
  stepsOf,
  tasksOf,
  VERSION,
} from "./samples";

const scratch = scratchDirectory();
const getEtcd = plain("boot/get-etcd.sh");
const rendered = SAMPLES.map((sample) => ({
  sample,
  name: sample.name,
  others: sample.others.length,
  files: render(filesOf(sample, getEtcd)),
}));

/** The variables that a file sets in a shell which allows no unset ones. */
function sourced(text: string, ...names: string[]): Record<string, string> {
  const file = path.join(scratch, "sourced.env");
  writeFileSync(file, text);
  const script = `. '${file}'\n${names.map((name) => `printf '%s\\0' "$${name}"`).join("\n")}`;
  const { status, output, stdout } = runCommand("/bin/sh", ["-eu", "-c", script]);
  if (status !== 0) throw new Error(`not readable by sh -eu:\n${output}\n${text}`);
  const values = stdout.split("\0");
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

const INERT_PART = { contentType: CloudInitPartType.SHELL_SCRIPT, content: "#!/bin/sh\n" };

/** The lines of a file that are neither empty nor comments. */
const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("what the library hands to the templates", () => {
  /** The names of the variables that a template gets when a stack is synthesized. */
  const given = new Map<string, string[]>();
  const original = Object.getOwnPropertyDescriptor(Templates.prototype, "render")?.value as Templates["render"];
  jest.spyOn(Templates.prototype, "render").mockImplementation(function (this: Templates, name, variables) {
    given.set(name, Object.keys(variables).sort());
    return original.call(this, name, variables);
  });
  synth((stack) => {
    const made = cluster(stack, undefined, { backup: BACKUP });
    made.addClient("billing");
    made.writeAlertRules();
    const more = { namePrefix: "more", sshFrom: SSH_FROM, cloudInitParts: [INERT_PART] };
    DigitalOceanHost.inRegions(new Construct(stack, "more"), ["lon1"], more);
  });
  synth((stack) => cluster(stack, undefined, { authorization: true }));
  jest.restoreAllMocks();

  const samples: Rendering[] = Object.values({
    ...filesOf(SAMPLES[0], getEtcd),
    ...stageOf(SAMPLES[0], { unit: "", env: "" }),
    ...tasksOf(SAMPLES[0], { rollout: "" }),
    install: stepsOf(SAMPLES[0], { stage: "", tasks: { "prepare-founding": "", activate: "", converge: "" } }).install,
  });

  it("is what these tests hand to them", () => {
    for (const { template, variables } of samples) {
      expect([template, given.get(template)]).toEqual([template, Object.keys(variables).sort()]);
    }
  });

  it("leaves no template out, here or there", () => {
    const templates = templateNames().filter((name) => name.endsWith(".tftpl"));
    expect([...given.keys()].sort()).toEqual(templates);
    expect([...new Set(samples.map(({ template }) => template))].sort()).toEqual(templates);
  });
});

describe.each(rendered)("for $name with $others others", ({ sample, files }) => {
  it("user data is YAML with the host key, the download and nothing of etcd's keys", () => {
    const config = parse(files.cloudInit) as Record<string, unknown>;
    expect(files.cloudInit.startsWith("#cloud-config\n")).toBe(true);
    expect(config).toMatchObject({
      ssh_pwauth: false,
      ssh_deletekeys: true,
      ssh_keys: { ed25519_private: HOST_KEY, ed25519_public: HOST_PUBLIC_KEY },
      ssh_authorized_keys: AUTHORIZED_KEYS,
      packages: expect.arrayContaining(["chrony", "curl"]) as unknown,
      runcmd: [
        expect.stringMatching(
          /^printf '%s\\n' 'https:\S+' \| \/usr\/local\/lib\/cdktf-etcd\/get-etcd '3\.6\.14' '\w+'$/,
        ),
      ],
    });
    expect(files.cloudInit.match(/BEGIN [A-Z ]*PRIVATE KEY/g)).toEqual(["BEGIN OPENSSH PRIVATE KEY"]);
    expect(files.cloudInit).not.toMatch(/BEGIN CERTIFICATE/);
  });

  it("user data brings get-etcd as it is in templates/, and sshd's settings to the byte", () => {
    const { write_files } = parse(files.cloudInit) as {
      write_files: { path: string; permissions?: string; content: string }[];
    };
    // Where they are the same, install writes nothing, and sshd is not told to read them again.
    expect(write_files.find((file) => file.path === "/etc/ssh/sshd_config.d/00-cdktf-etcd.conf")?.content).toBe(
      SSHD_CONFIG,
    );
    expect(write_files.find((file) => file.path.endsWith("/get-etcd"))).toEqual({
      path: "/usr/local/lib/cdktf-etcd/get-etcd",
      permissions: "0755",
      content: getEtcd,
    });
  });

  it("user data without a download runs nothing", () => {
    expect(parse(files.cloudInitWithoutDownload)).not.toHaveProperty("runcmd");
  });

  it("etcd's environment has a variable of etcd's in every line, sorted", () => {
    const names = lines(files.env).map((line) => /^(ETCD_[A-Z_]+)=\S+$/.exec(line)?.[1]);
    expect(names).not.toContain(undefined);
    expect(names).toEqual([...names].sort());
    expect(sourced(files.env, "ETCD_NAME")).toEqual({ ETCD_NAME: sample.name });
  });

  it("the rollout's variables are readable by the node scripts", () => {
    const { others } = sample;
    const variables = sourced(files.rollout, "OTHERS", "OTHER_PEER_URLS", "LEAVING", "DECLARED");
    expect(variables).toEqual({
      LEAVING: "https://203.0.113.80:2379",
      OTHERS: others.map((_, index) => `https://198.51.100.${index + 2}:2379`).join(" "),
      OTHER_PEER_URLS: others.map((_, index) => `https://198.51.100.${index + 2}:2380`).join(" "),
      DECLARED: expect.stringContaining(`${sample.name}=https://198.51.100.1:2379`) as unknown,
    });
    expect(variables.DECLARED.split(" ")).toHaveLength(others.length + 1);
  });

  it("what the code declares is readable by the node scripts", () => {
    const names = ["MEMBER", "MEMBERS", "VERSION", "ENTERS_FROM", "LEAST_PREDECESSOR", "GENESIS", "RECOVER_FROM"];
    expect(sourced(files.declared, ...names)).toEqual({
      MEMBER: sample.name,
      MEMBERS: [sample.name, ...sample.others].join(" "),
      VERSION,
      ENTERS_FROM: "3.5 3.6",
      LEAST_PREDECESSOR: "3.5.26",
      GENESIS: "1",
      RECOVER_FROM: "",
    });
  });

  it("who may reach the metadata service is readable by the node scripts", () => {
    expect(sourced(files.metadata, "METADATA", "METADATA_READERS")).toEqual(
      sample.founder
        ? { METADATA: "closed", METADATA_READERS: "do-agent agent" }
        : { METADATA: "open", METADATA_READERS: "" },
    );
  });

  it("every node has a name that the node scripts can read", () => {
    expect(sourced(files.node, "NODE")).toEqual({ NODE: sample.name });
  });

  it("sshd offers the pinned type of host key alone, lets nobody in by password, and forwards nothing", () => {
    expect(lines(files.sshd)).toEqual([
      `HostKeyAlgorithms ${sample.founder ? "ssh-ed25519" : "rsa-sha2-512,rsa-sha2-256"}`,
      // What is not root's own way in is not opened.
      ...(sample.founder ? ["PermitRootLogin prohibit-password"] : []),
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "AllowAgentForwarding no",
      "AllowStreamLocalForwarding no",
      "AllowTcpForwarding no",
      "GatewayPorts no",
      "PermitTunnel no",
      "X11Forwarding no",
      "ClientAliveInterval 10",
      "ClientAliveCountMax 3",
      `Match User ${sample.founder ? "root" : "admin"}`,
      "  ForceCommand none",
    ]);
  });

  it("the way in is readable by the node scripts: of the pinned key what sshd has of it, too", () => {
    expect(sourced(files.sshAccess, "SSH_USER", "PINNED_HOST_KEY")).toEqual(
      sample.founder
        ? { SSH_USER: "root", PINNED_HOST_KEY: HOST_PUBLIC_KEY }
        : { SSH_USER: "admin", PINNED_HOST_KEY: "ssh-rsa AAAAB3NzaC1yc2E" },
    );
  });

  it("keys that are accepted say by whom, one per line; there are none where they are left alone", () => {
    expect(files.authorizedKeys).toBe(
      sample.founder ? AUTHORIZED_KEYS.map((key) => `${key} managed-by=cdktf-etcd\n`).join("") : "",
    );
  });

  it("the timers are one per line, with what is to be done with them", () => {
    expect(lines(files.timers)).toEqual(["enable etcd-leader.timer"]);
  });

  it("the leader's places are readable by the node scripts", () => {
    const { others } = sample;
    expect(
      sourced(files.leader, "LEADER_ORDER", "WELL_PLACED", "BETTER_PLACED", "SETTLE_SECONDS", "HANDOVER_PAUSE_SECONDS"),
    ).toEqual({
      LEADER_ORDER: [sample.name, ...others].join(" "),
      WELL_PLACED: sample.name,
      BETTER_PLACED: others.map((other) => `${other}=204.8`).join(" "),
      SETTLE_SECONDS: "64",
      HANDOVER_PAUSE_SECONDS: "1.5",
    });
  });

  it("only a machine of the genesis record is told that it may found", () => {
    const variables = sourced(files.rollout, "FOUNDER_MACHINE_ID", "INITIAL_CLUSTER");
    expect(variables.FOUNDER_MACHINE_ID).toBe(sample.founder ? "1" : "");
    expect(variables.INITIAL_CLUSTER.includes(`${sample.name}=`)).toBe(sample.founder);
  });

  it("etcdctl's environment asks this machine, as its administrator", () => {
    expect(sourced(files.etcdctl, "ETCDCTL_ENDPOINTS", "ETCDCTL_KEY", "ETCDCTL_DIAL_TIMEOUT")).toEqual({
      ETCDCTL_ENDPOINTS: "https://127.0.0.1:2379",
      ETCDCTL_KEY: "/etc/etcd/admin/admin.key",
      ETCDCTL_DIAL_TIMEOUT: "3900ms",
    });
  });

  it("the endpoints' file names this member and all of them, this one first", () => {
    const { ETCD_ENDPOINT, ETCD_ENDPOINTS } = sourced(files.endpoints, "ETCD_ENDPOINT", "ETCD_ENDPOINTS");
    expect(ETCD_ENDPOINTS.split(",")).toHaveLength(sample.others.length + 1);
    expect(ETCD_ENDPOINTS.split(",")[0]).toBe(ETCD_ENDPOINT);
  });

  it("a client's environment survives a directory with spaces, quotes and dollars", () => {
    expect(sourced(files.clientEnv, "ETCDCTL_CACERT", "ETCDCTL_KEY")).toEqual({
      ETCDCTL_CACERT: "/home/jo o'neil/$ & co/ca.crt",
      ETCDCTL_KEY: "/home/jo o'neil/$ & co/client.key",
    });
  });

  it("a client's environment has its time limits in the form that Go parses", () => {
    const limits = {
      ETCDCTL_DIAL_TIMEOUT: "3900ms",
      ETCDCTL_KEEPALIVE_TIME: "10000ms",
      ETCDCTL_KEEPALIVE_TIMEOUT: "2700ms",
      ETCDCTL_COMMAND_TIMEOUT: "8000ms",
      ETCD_CLIENT_ATTEMPT_TIMEOUT: "750ms",
      ETCD_CLIENT_TOTAL_TIMEOUT: "4800ms",
    };
    expect(sourced(files.clientEnv, ...Object.keys(limits))).toEqual(limits);
  });

  it("alerting rules are YAML, with a rule for each pair, and none about the leader's place where there is one place", () => {
    const { groups } = parse(files.alerts) as { groups: { rules: { alert?: string }[] }[] };
    const alerts = groups.flatMap(({ rules }) => rules).map(({ alert }) => alert);
    expect(alerts.filter((alert) => alert === "EtcdPeerRoundTripSlow")).toHaveLength(sample.others.length);
    expect(alerts.includes("EtcdLeaderNotAtItsPlace")).toBe(sample.others.length > 0);
  });

  it("kernel settings are one per line, with whole numbers, but for the one that not every kernel has", () => {
    // A leading hyphen lets the rest be set where the kernel does not have this one (sysctl.d(5)).
    const setting = /^(net\.ipv4\.[a-z_]+ = \d+( \d+ \d+)?|-net\.ipv4\.tcp_congestion_control = bbr)$/;
    for (const line of lines(files.sysctl)) expect(line).toMatch(setting);
  });
});

describe("a key of two lines, which Terraform alone knew", () => {
  const sshd = (host_key: string): string =>
    render({ sshd: { template: "ssh/sshd.conf.tftpl", variables: { user: "root", host_key } } }).sshd;
  const authorizedKeys = (key: string): string =>
    render({ keys: { template: "ssh/authorized-keys.tftpl", variables: { keys: [AUTHORIZED_KEYS[0], key] } } }).keys;

  it.each([
    "ssh-ed25519\nPermitEmptyPasswords yes",
    "ssh-ed25519\r\nPermitEmptyPasswords yes",
    "ssh-ed25519,*\nssh-rsa",
  ])("does not render as sshd's host key, where it begins like %j", (key) => {
    expect(() => sshd(key)).toThrow(/sshd\.conf\.tftpl:[^]*regex\W+failed/);
  });

  it("is a line of sshd's, and its type alone, where the second line comes after the key", () => {
    const key = `${HOST_PUBLIC_KEY} root@vm`;
    expect(sshd(`${key}\nPermitEmptyPasswords yes`)).toBe(sshd(key));
    expect(sshd(`${key}\n`)).toBe(sshd(key));
  });

  it.each(["\n", "\r\n", "\r"])("does not render as an operator's, parted by %j", (parting) => {
    expect(() => authorizedKeys(`${AUTHORIZED_KEYS[1]}${parting}${AUTHORIZED_KEYS[0]}`)).toThrow(
      /authorized-keys\.tftpl:[^]*regex\W+failed/,
    );
  });

  it("is one line of the operators' where the second one is empty", () => {
    const expected = AUTHORIZED_KEYS.slice(0, 2).map((key) => `${key} managed-by=cdktf-etcd\n`);
    expect(authorizedKeys(`${AUTHORIZED_KEYS[1]}\r\n`)).toBe(expected.join(""));
  });
});
