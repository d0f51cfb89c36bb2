import { DeployPhases, totalSeconds, type PhaseSeconds } from "../../../proofs/recording/phases";

const LONDON = "terraform_data.etcd_etcd-lon1";
const NEW_YORK = "terraform_data.etcd_etcd-nyc3";
const SINGAPORE = "terraform_data.etcd_etcd-sgp1";

/** What Terraform says before it changes anything, from such a second on. */
const PLANNED = (at: number): string[] => [
  `${at} Initializing the backend...`,
  `${at} Terraform has been successfully initialized!`,
  `${at + 1} digitalocean_tag.hosts_tag_03F73FA0: Refreshing state... [id=etcd]`,
  `${at + 2} Terraform used the selected providers to generate the following execution plan.`,
  `${at + 2} # ${LONDON}_install_8908F9DB (etcd/etcd-lon1/install) must be replaced`,
];

/** Phases of a recorded deploy: each line begins with the second at which it came; the last says when it ended. */
function phasesOf(lines: readonly string[], synthSeconds?: number): PhaseSeconds {
  const deploy = new DeployPhases(0, synthSeconds);
  let phases: PhaseSeconds | undefined;
  for (const recorded of lines) {
    const [, seconds, line] = /^(\S+) (.*)$/.exec(recorded) ?? [];
    const atMs = Number(seconds) * 1000;
    if (line === "END") {
      phases = deploy.end(atMs);
      expect(totalSeconds(phases)).toBeCloseTo(atMs / 1000 + (synthSeconds ?? 0), 6);
    } else deploy.take(line, atMs);
  }
  if (phases === undefined) throw new Error("the recording has no end");
  return phases;
}

describe("what a deploy spends its time on", () => {
  it("is told of a birth: machines boot, all are installed, one after the other is activated", () => {
    const phases = phasesOf([
      ...PLANNED(5),
      "8 tls_private_key.hosts_lon1_host-key_7A1AA261: Creating...",
      "9 digitalocean_droplet.hosts_lon1_droplet_042E2596: Creating...",
      "9 digitalocean_droplet.hosts_nyc3_droplet_3E6D37E6: Creating...",
      "19 digitalocean_droplet.hosts_lon1_droplet_042E2596: Still creating... [10s elapsed]",
      "20 digitalocean_droplet.hosts_lon1_droplet_042E2596: Creation complete after 11s [id=1]",
      `20 ${LONDON}_install_8908F9DB: Creating...`,
      `20 ${LONDON}_install_8908F9DB: Provisioning with 'remote-exec'...`,
      `21 ${LONDON}_install_8908F9DB (remote-exec): Connecting to remote host via SSH...`,
      `22 ${LONDON}_install_8908F9DB (remote-exec): Connected!`,
      "22 digitalocean_droplet.hosts_nyc3_droplet_3E6D37E6: Creation complete after 13s [id=2]",
      `23 ${NEW_YORK}_install_5DBE91F1: Creating...`,
      `25 ${NEW_YORK}_install_5DBE91F1 (remote-exec): Connected!`,
      `26 ${LONDON}_install_8908F9DB: Creation complete after 6s [id=a]`,
      `29 ${NEW_YORK}_install_5DBE91F1: Creation complete after 6s [id=b]`,
      "29 terraform_data.etcd_genesis_C12778E9: Creating...",
      `30 ${NEW_YORK}_activate-1_F40C7353: Creating...`,
      `31 ${NEW_YORK}_activate-1_F40C7353 (remote-exec): Connected!`,
      `33 ${NEW_YORK}_activate-1_F40C7353: Creation complete after 3s [id=c]`,
      `33 ${LONDON}_converge_B419F43E: Creating...`,
      `40 ${LONDON}_converge_B419F43E: Creation complete after 7s [id=d]`,
      "40 terraform_data.etcd_membership_9C1FE2AF: Creating...",
      "42 Apply complete! Resources: 55 added, 0 changed, 0 destroyed.",
      "43 END",
    ]);
    // Between the first resource and the first droplet there is one second of the rest.
    expect(phases).toEqual({ synth: 5, plan: 3, boot: 16, install: 4, activate: 11, rest: 4 });
  });

  it("has no boot where no machine is new, and installs from the first install on", () => {
    const phases = phasesOf([
      ...PLANNED(4),
      "7 tls_locally_signed_cert.etcd_etcd-lon1_server_certificate_C35C4B9D: Creating...",
      `8 ${LONDON}_install_8908F9DB: Creating...`,
      `9 ${LONDON}_install_8908F9DB (remote-exec): Connected!`,
      `12 ${LONDON}_install_8908F9DB: Creation complete after 4s [id=a]`,
      `12 ${LONDON}_converge_B419F43E: Creating...`,
      `20 ${LONDON}_converge_B419F43E: Creation complete after 8s [id=d]`,
      `20 ${LONDON}_install_8908F9DB (deposed object 0a1b2c3d): Destroying... [id=old]`,
      "21 END",
    ]);
    expect(phases).toEqual({ synth: 4, plan: 3, boot: 0, install: 4, activate: 8, rest: 2 });
  });

  it("waits for the new machine, whichever members that are there already are installed meanwhile", () => {
    const phases = phasesOf([
      ...PLANNED(1),
      "5 digitalocean_droplet.hosts_lon1-2_droplet_1DD75094: Creating...",
      `5 ${LONDON}_install_8908F9DB: Creating...`,
      `6 ${LONDON}_install_8908F9DB (remote-exec): Connected!`,
      `9 ${LONDON}_install_8908F9DB: Creation complete after 4s [id=a]`,
      "15 terraform_data.etcd_etcd-lon1-2_install_9099F064: Creating...",
      "17 terraform_data.etcd_etcd-lon1-2_install_9099F064 (remote-exec): Connected!",
      "20 terraform_data.etcd_etcd-lon1-2_install_9099F064: Creation complete after 5s [id=b]",
      "30 terraform_data.etcd_etcd-lon1-2_activate-1_4E2A4FC5: Creating...",
      "33 terraform_data.etcd_etcd-lon1-2_activate-1_4E2A4FC5: Creation complete after 3s [id=c]",
      "34 digitalocean_droplet.hosts_lon1_droplet_042E2596: Destroying... [id=1]",
      "36 END",
    ]);
    expect(phases).toEqual({ synth: 1, plan: 4, boot: 12, install: 3, activate: 13, rest: 3 });
  });

  it("boots from the first order of a machine to the login on the last, and on no machine that was there", () => {
    const phases = phasesOf([
      ...PLANNED(1),
      "4 digitalocean_droplet.hosts_lon1_droplet_042E2596: Creating...",
      "6 digitalocean_droplet.hosts_nyc3_droplet_3E6D37E6: Creating...",
      `10 ${LONDON}_install_8908F9DB: Creating...`,
      `11 ${LONDON}_install_8908F9DB (remote-exec): Connected!`,
      `14 ${NEW_YORK}_install_5DBE91F1: Creating...`,
      `15 ${NEW_YORK}_install_5DBE91F1 (remote-exec): Connected!`,
      "16 terraform_data.etcd_etcd-lon1-2_install_9099F064 (remote-exec): Connected!",
      `17 ${LONDON}_install_8908F9DB: Creation complete after 7s [id=a]`,
      `18 ${NEW_YORK}_install_5DBE91F1: Creation complete after 4s [id=b]`,
      "18 END",
    ]);
    expect(phases).toEqual({ synth: 1, plan: 3, boot: 11, install: 3, activate: 0, rest: 0 });
    const old = phasesOf([
      ...PLANNED(1),
      "4 digitalocean_droplet.hosts_lon1_droplet_042E2596: Creating...",
      "5 terraform_data.etcd_etcd-lon1-2_install_9099F064 (remote-exec): Connected!",
      `10 ${LONDON}_install_8908F9DB: Creating...`,
      `11 ${LONDON}_install_8908F9DB (remote-exec): Connected!`,
      "12 END",
    ]);
    expect(old).toMatchObject({ boot: 7, install: 1 });
  });

  it("has booted all machines once it activates, whatever they are called", () => {
    const phases = phasesOf([
      ...PLANNED(1),
      "4 digitalocean_droplet.hosts_lon1_droplet_042E2596: Creating...",
      "10 terraform_data.etcd_london_install_8908F9DB: Creating...",
      "11 terraform_data.etcd_london_install_8908F9DB (remote-exec): Connected!",
      "14 terraform_data.etcd_london_install_8908F9DB: Creation complete after 4s [id=a]",
      "15 terraform_data.etcd_london_converge_B419F43E: Creating...",
      "19 terraform_data.etcd_london_converge_B419F43E: Creation complete after 4s [id=d]",
      "20 END",
    ]);
    expect(phases).toEqual({ synth: 1, plan: 3, boot: 11, install: 0, activate: 4, rest: 1 });
  });

  it("boots until the end where a machine never gets ready", () => {
    const phases = phasesOf([
      ...PLANNED(1),
      "5 digitalocean_droplet.hosts_lon1_droplet_042E2596: Creating...",
      "5 digitalocean_droplet.hosts_sgp1_droplet_1DD75094: Creating...",
      `10 ${LONDON}_install_8908F9DB: Creating...`,
      `11 ${LONDON}_install_8908F9DB (remote-exec): Connected!`,
      `14 ${LONDON}_install_8908F9DB: Creation complete after 4s [id=a]`,
      "35 │ Error: Error waiting for droplet (2) to become ready: timeout while waiting",
      "36 END",
    ]);
    expect(phases).toEqual({ synth: 1, plan: 4, boot: 31, install: 0, activate: 0, rest: 0 });
  });

  it("installs or activates until the end where a step fails or is cut off", () => {
    const begun = [
      ...PLANNED(1),
      `5 ${SINGAPORE}_install_9099F064: Creating...`,
      `5 ${LONDON}_install_8908F9DB: Creating...`,
      `8 ${LONDON}_install_8908F9DB: Creation complete after 3s [id=a]`,
    ];
    expect(phasesOf([...begun, "12 END"])).toMatchObject({ install: 7, activate: 0, rest: 0 });
    const installed = [...begun, `10 ${SINGAPORE}_install_9099F064: Creation complete after 5s [id=b]`];
    const activating = [...installed, `11 ${SINGAPORE}_activate-1_4E2A4FC5: Creating...`];
    expect(phasesOf([...activating, "20 END"])).toMatchObject({ install: 5, activate: 10, rest: 0 });
  });

  it("only activates where everything was installed by the deploy before", () => {
    const phases = phasesOf([
      ...PLANNED(1),
      `5 ${SINGAPORE}_activate-1_4E2A4FC5 (deposed object 0a1b2c3d): Destroying... [id=c]`,
      `6 ${SINGAPORE}_activate-1_4E2A4FC5: Creating...`,
      `9 ${SINGAPORE}_activate-1_4E2A4FC5: Creation complete after 3s [id=e]`,
      "10 END",
    ]);
    expect(phases).toEqual({ synth: 1, plan: 4, boot: 0, install: 0, activate: 3, rest: 2 });
  });

  it("is all plan where nothing changes, all rest where all is destroyed, and all synth where Terraform never began", () => {
    expect(phasesOf([...PLANNED(2), "5 No changes. Your infrastructure matches the configuration.", "6 END"])).toEqual({
      synth: 2,
      plan: 4,
      boot: 0,
      install: 0,
      activate: 0,
      rest: 0,
    });
    const destroyed = [
      ...PLANNED(2),
      `5 ${LONDON}_converge_B419F43E: Destroying... [id=d]`,
      `5 ${LONDON}_install_8908F9DB: Destroying... [id=a]`,
      "6 digitalocean_droplet.hosts_lon1_droplet_042E2596: Destroying... [id=1]",
      "9 END",
    ];
    expect(phasesOf(destroyed)).toMatchObject({ plan: 3, boot: 0, install: 0, activate: 0, rest: 4 });
    expect(phasesOf(["1 ValidationError: hosts: given none", "3 END"])).toMatchObject({ synth: 3, plan: 0, rest: 0 });
  });

  it("has the synthesis that came before, where Terraform is run by itself", () => {
    const line = "2 digitalocean_tag.hosts_tag_03F73FA0: Modifying... [id=etcd]";
    expect(phasesOf([line, "3 END"], 1.5)).toMatchObject({ synth: 1.5, plan: 2, rest: 1 });
    expect(phasesOf([line, "3 END"], 0)).toMatchObject({ synth: 0, plan: 2, rest: 1 });
  });
});
