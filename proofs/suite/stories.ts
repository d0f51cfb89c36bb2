import { alternatives, matches } from "./path-patterns";

/** A test file that boots machines, runs Terraform or takes minutes. */
export interface Story {
  readonly file: string;
  /** About how long it takes alone; the longest are started first. */
  readonly seconds: number;
  /** Whether it measures latencies, so that nothing else may use the processors. @default - runs beside others */
  readonly alone?: true;
  /**
   * Files whose changes require a run of it: those whose faults it would be the first to show. Not all files that it uses,
   * or every change would require every story. Patterns as in path-patterns.ts. Its own file need not be named.
   */
  readonly proves: readonly string[];
}

/** Files that no story of the lab tier tests, and why. */
export interface Silence {
  readonly why: string;
  readonly paths: readonly string[];
}

export type Tier = "lab" | "long";

/** All stories. Seconds are measured on two processors; those of the long tier are estimates. */
export const STORIES: readonly Story[] = [
  {
    file: "__tests__/proofs/membership.lab.test.ts",
    seconds: 250,
    proves: [
      "lib/etcd-{cluster,member}.ts",
      "lib/rollout/{genesis,membership,recovery-part,rollout-env,rollout-part}.ts",
      "__tests__/proofs/members.ts",
      "templates/recovery/recover.sh",
      "templates/rollout/{declared,rollout}.env.tftpl",
      "templates/rollout/{activate,check-change,common,converge,join,liveness,members,restart,retire-predecessor}.sh",
    ],
  },
  {
    file: "__tests__/proofs/exploration/exploration.lab.test.ts",
    seconds: 120,
    proves: [
      "proofs/go.{mod,sum}",
      "proofs/exploration/**",
      "__tests__/proofs/exploration/*.ts",
      "templates/leader/leader.env.tftpl",
      "templates/leader/leadership.sh",
      "templates/member/etcdctl.env.tftpl",
      "templates/member/mark-start.sh",
      "templates/recovery/recover.sh",
      "templates/rollout/{declared,rollout}.env.tftpl",
      "templates/rollout/{activate,common,converge,decide,join,liveness,members,prepare-founding,restart,retire-predecessor}.sh",
    ],
  },
  {
    file: "__tests__/proofs/operations.lab.test.ts",
    seconds: 110,
    alone: true,
    proves: [
      "proofs/figures/**",
      "proofs/operations/*.ts",
      "proofs/operations/catalog/**",
      "lab/sites.ts",
      "lab/tools/line-log.ts",
      "proofs/random.ts",
      "proofs/workload/**",
      "__tests__/proofs/{judge,operations-under-load}.ts",
      "templates/leader/{grpc,leadership}.sh",
      "templates/node/session.sh",
      "templates/node/{stage,step}.sh.tftpl",
      "templates/rollout/stage-*.sh.part",
      "templates/rollout/task.sh.tftpl",
      "templates/rollout/{check-log,join,lay-down,restart,retire-predecessor}.sh",
    ],
  },
  {
    file: "__tests__/proofs/cluster.lab.test.ts",
    seconds: 330,
    proves: [
      // Tests deploy a variant of main.ts.
      "main.ts",
      "cdktf.json",
      "examples/go-client/**",
      "examples/shell-client.sh",
      "lib/cluster-distances.ts",
      "lib/etcd-{cluster,download,host,member,settings,version}.ts",
      "lib/{access,member,metadata,streams}/**",
      "lib/hosts/digitalocean/{digitalocean-host,digitalocean-host-group,machines-firewall}.ts",
      "lib/hosts/openssh-key-pair.ts",
      "lib/{node,pki,terraform}/**",
      "lib/rollout/{rollout-env,rollout-part}.ts",
      "lib/wan/{client-location,digital-ocean-times,index,leader-choice,member-paths,nearest,quorum,regions,voting-members}.ts",
      "lib/wan/{etcd-tuning-props,heartbeat-and-election,round-up,tuning,tuning-distances,tuning-profile}.ts",
      "lib/wan/{round-trip-time-pair,round-trip-times,round-trip-times-options}.ts",
      "lib/wan/{built-in-times,cloud-regions,continent,estimates,metros,metro-times,origins,region-time}.ts",
      "lab/clouds/digitalocean/api/{droplet-lifecycle,faults,firewall-*}.ts",
      "lab/clouds/digitalocean/client.ts",
      "proofs/apps/**",
      "lab/{config,daemon,definition,lab,paths}.ts",
      "lab/terraform/{output,run}.ts",
      "proofs/{harness,lab-cluster,lab.config}.ts",
      "proofs/etcd/{in-lab,open-session,status}.ts",
      "lab/mirror/mirror-server.ts",
      "proofs/programs.ts",
      "templates/access/client.env.tftpl",
      "templates/access/client-curl.sh.tftpl",
      "templates/boot/**",
      "templates/leader/leadership.sh",
      "templates/member/{endpoints,etcd,etcdctl}.env.tftpl",
      "templates/member/etcd.service.tftpl",
      "templates/member/{mark-start,profile,publish-endpoint}.sh",
      "templates/node/session.sh",
      "templates/node/{stage,step}.sh.tftpl",
      "templates/rollout/stage-*.sh.part",
      "templates/rollout/task.sh.tftpl",
      "templates/rollout/{declared,rollout}.env.tftpl",
      "templates/rollout/{activate,authorities,common,converge,lay-down,restart}.sh",
      "templates/{metadata,streams}/**",
    ],
  },
  {
    file: "__tests__/proofs/backup.lab.test.ts",
    seconds: 200,
    proves: [
      "lib/backup/**",
      "lib/rollout/cluster-origin.ts",
      "lib/terraform/{literal,writers}.ts",
      "__tests__/proofs/on-nodes.ts",
      "lib/upkeep/**",
      "lib/node/node-part.ts",
      "lab/object-storage/s3-server.ts",
      "lab/object-storage/versitygw.ts",
      "templates/backup/**",
      "templates/node/timers.tftpl",
      "templates/rollout/{check-change,common}.sh",
      "templates/upkeep/**",
    ],
  },
  {
    file: "__tests__/proofs/birth.lab.test.ts",
    seconds: 180,
    proves: [
      "lib/rollout/{cluster-origin,genesis}.ts",
      "lab/{config,daemon,definition,lab,paths}.ts",
      "lab/terraform/run.ts",
      "proofs/harness.ts",
      "lab/machines/**",
      "lab/terraform/operator-group.ts",
      "lab/tools/{child,process-tree,wait}.ts",
      "lab/tools/{files,process-record}.ts",
      "templates/member/check-data.sh",
      "templates/rollout/etcd-join.service",
      "templates/rollout/{activate,common,converge,decide,join,migrate,prepare-founding}.sh",
    ],
  },
  {
    file: "__tests__/proofs/login.lab.test.ts",
    seconds: 110,
    proves: [
      "lib/hosts/digitalocean/{digitalocean-host,digitalocean-host-group,login-keys}.ts",
      "lib/hosts/{openssh-key-pair,when-ready}.ts",
      "lib/node/ssh-access-part.ts",
      "__tests__/proofs/{deployed,on-nodes,ways-in}.ts",
      "templates/boot/cloud-init.yaml.tftpl",
      "templates/node/{node.env,stage.sh}.tftpl",
      "templates/ssh/**",
    ],
  },
  {
    file: "__tests__/proofs/leader.lab.test.ts",
    seconds: 130,
    proves: [
      "lib/{authorization,leader}/**",
      "lib/access/client-props.ts",
      "lib/wan/leader-placement.ts",
      "__tests__/proofs/{deployed,leadership,sessions}.ts",
      "templates/{authorization,leader}/**",
      "templates/rollout/common.sh",
    ],
  },
  {
    file: "__tests__/proofs/workload/workload.lab.test.ts",
    seconds: 53,
    proves: [
      "proofs/{go.mod,go.sum,programs.ts}",
      "proofs/workload/**",
      "proofs/etcd/bare-etcd.ts",
      "lab/tools/go-tests.ts",
      "__tests__/proofs/workload/loopback-cluster.ts",
      "__tests__/lab/go-tests.ts",
    ],
  },
  {
    file: "__tests__/proofs/measure.lab.test.ts",
    seconds: 82,
    proves: [
      "lib/{cluster-record,record-cluster}.ts",
      "lib/cli/{atomic-file,client-files-option,json-text,main,measure,measure-text,measure-usage,run,stack-option,until-interrupted,usage}.ts",
      "lib/{machines,measure}/**",
      "lib/report/recorded-cluster.ts",
      "lib/wan/round-trip-times-file.ts",
      "templates/measure/measure-handshakes.sh",
    ],
  },
  {
    file: "__tests__/lab/clouds/digitalocean/provider/provider.lab.test.ts",
    seconds: 50,
    proves: [
      "lab/clouds/digitalocean/api/**",
      "lab/clouds/digitalocean/client.ts",
      "lab/clouds/digitalocean/provider/**",
      "lab/go-tested.ts",
      "lab/terraform/{find-terraform,providers,terraformrc}.ts",
      "lab/tools/go-{build,sources}.ts",
      "__tests__/lab/clouds/digitalocean/provider/**",
    ],
  },
  {
    file: "__tests__/lab/machines/nspawn-machine-driver.lab.test.ts",
    seconds: 38,
    proves: ["lab/machines/**"],
  },
  {
    file: "__tests__/proofs/hosts/existing.lab.test.ts",
    seconds: 120,
    proves: [
      "lib/hosts/existing/**",
      "lib/{networks,ssh-connection}.ts",
      "lib/ssh/**",
      "lib/node/ssh-step.ts",
      "proofs/apps/existing-machines.ts",
      "templates/node/{step.sh.tftpl,uninstall.sh}",
    ],
  },
  {
    file: "__tests__/proofs/hosts/bastion.lab.test.ts",
    seconds: 80,
    proves: ["lib/{networks,ssh-connection}.ts", "lib/ssh/**", "lib/machines/**", "lib/access/machine-access.ts"],
  },
  {
    file: "__tests__/lab/clouds/bare/bare.lab.test.ts",
    seconds: 35,
    proves: [
      "lab/clouds/bare/**",
      "lab/machine-image.ts",
      "lab/machines/{disk,installation,network}.ts",
      "lab/mirror/archives.ts",
    ],
  },
  {
    file: "__tests__/proofs/hosts/orphans.lab.test.ts",
    seconds: 25,
    proves: [
      "lib/hosts/digitalocean/{digitalocean-host,digitalocean-host-group,machines-at-start,orphan-check}.ts",
      "__tests__/lab/clouds/digitalocean/provider/**",
      "__tests__/proofs/hosts/**",
    ],
  },
  {
    file: "__tests__/lab/wan/wan.lab.test.ts",
    seconds: 12,
    proves: ["lab/{go.mod,go.sum,go-tested.ts}", "lab/wan/**"],
  },
  {
    file: "__tests__/proofs/hosts/lost-state.lab.test.ts",
    seconds: 20,
    proves: [
      "lib/hosts/digitalocean/{digitalocean-host,digitalocean-host-group,lost-state-check,machines-at-start}.ts",
      "__tests__/lab/clouds/digitalocean/provider/**",
      "__tests__/proofs/hosts/**",
    ],
  },
  {
    file: "__tests__/proofs/hosts/forced-replacement.lab.test.ts",
    seconds: 25,
    proves: [
      "lib/hosts/digitalocean/{digitalocean-host,digitalocean-host-group}.ts",
      "__tests__/lab/clouds/digitalocean/provider/**",
      "__tests__/proofs/hosts/**",
    ],
  },
  {
    file: "__tests__/proofs/hosts/login-key.lab.test.ts",
    seconds: 40,
    proves: [
      "lib/hosts/digitalocean/{digitalocean-host-group,login-keys,machines-at-start}.ts",
      "__tests__/lab/clouds/digitalocean/provider/**",
      "__tests__/proofs/hosts/**",
      "__tests__/proofs/steps-here.ts",
    ],
  },
  {
    file: "__tests__/proofs/rig.lab.test.ts",
    seconds: 11,
    proves: [
      "proofs/etcd/{bare-etcd,known-release,throw-away-authority}.ts",
      "proofs/{go.mod,go.sum,programs.ts}",
      "proofs/probe/**",
      "proofs/rig/**",
      "lab/tools/go-{program,sources}.ts",
      "lab/wan/**",
      "lib/measure/{grpc-connection,protobuf}.ts",
      "templates/leader/grpc.sh",
    ],
  },
  {
    file: "__tests__/lab/clouds/digitalocean/api/godo.lab.test.ts",
    seconds: 2,
    proves: [
      "lab/clouds/digitalocean/api/**",
      "lab/go.{mod,sum}",
      "lab/clouds/digitalocean/conformance.ts",
      "lab/clouds/digitalocean/conformance/**",
      "__tests__/lab/clouds/digitalocean/api/support/**",
    ],
  },
  {
    file: "__tests__/proofs/pki/rotation-stages.lab.test.ts",
    seconds: 12,
    proves: [
      "lib/pki/**",
      "lib/terraform/terraform-data.ts",
      "__tests__/lab/clouds/digitalocean/provider/terraform-workspace.ts",
    ],
  },
  {
    file: "__tests__/proofs/authorities.lab.test.ts",
    seconds: 15,
    proves: [
      "templates/rollout/authorities.sh",
      "proofs/etcd/bare-etcd.ts",
      "__tests__/templates/{certificates,node-root}.ts",
    ],
  },
  {
    file: "__tests__/access/alert-rules.lab.test.ts",
    seconds: 12,
    proves: [
      "lib/access/{alert-rules,certificate-expiry}.ts",
      "lib/upkeep/upkeep-alerts.ts",
      "lib/wan/alert-thresholds.ts",
      "templates/access/alerts.yaml.tftpl",
      "__tests__/access/prometheus-rules.ts",
    ],
  },
  {
    file: "__tests__/lab/example.lab.test.ts",
    seconds: 60,
    proves: ["lab/{bin,cli,example}/**", "lab/{definition.ts,index.ts,package.json}"],
  },
  {
    file: "__tests__/lab/machines/image.lab.test.ts",
    seconds: 2,
    proves: ["proofs/lab.config.ts", "lab/machines/image*.ts", "lab/mirror/**", "lab/tools/apt.ts"],
  },
  {
    file: "__tests__/proofs/etcd/release.lab.test.ts",
    seconds: 2,
    proves: [
      "lab/tools/{cache,command,file-lock,find-command,go-build,platform,progress,reach,sha256,tool-error}.ts",
      "proofs/etcd/release.ts",
    ],
  },
  {
    file: "__tests__/proofs/exploration/exploration.long.test.ts",
    seconds: 900,
    proves: ["proofs/exploration/**", "__tests__/proofs/exploration/*.ts"],
  },
  {
    file: "__tests__/proofs/membership.long.test.ts",
    seconds: 500,
    proves: [
      "lib/rollout/{genesis,membership}.ts",
      "__tests__/proofs/members.ts",
      "templates/recovery/recover.sh",
      "templates/rollout/{check-change,converge,join,retire-predecessor}.sh",
    ],
  },
  {
    file: "__tests__/proofs/operations.long.test.ts",
    seconds: 480,
    alone: true,
    proves: ["proofs/operations/**", "proofs/workload/**", "__tests__/proofs/{judge,operations-under-load}.ts"],
  },
  {
    file: "__tests__/proofs/upgrade.long.test.ts",
    seconds: 200,
    alone: true,
    // Everything that puts something on a node, into the state or into the outputs.
    proves: [
      "__tests__/proofs/{judge,loaded}.ts",
      "lib/etcd-*.ts",
      "lib/{access,backup,hosts,leader,member,metadata,node,pki,rollout,streams,terraform,upkeep}/**",
      "lib/wan/{client-location,leader-choice,leader-placement,member-paths,nearest,quorum,voting-members}.ts",
      "lib/wan/{etcd-tuning-props,heartbeat-and-election,round-up,tuning,tuning-distances,tuning-profile}.ts",
      "templates/**",
      "proofs/suite/upgrade-from.ts",
      "proofs/earlier-checkout.ts",
    ],
  },
  {
    file: "__tests__/proofs/versions.long.test.ts",
    seconds: 700,
    proves: [
      "lib/etcd-version.ts",
      "proofs/operations/downgrade.ts",
      "templates/rollout/declared.env.tftpl",
      "templates/rollout/{check-change,check-log,check-version}.sh",
    ],
  },
  {
    file: "__tests__/proofs/rotation.long.test.ts",
    seconds: 600,
    proves: ["lib/pki/**", "templates/member/mark-start.sh", "templates/rollout/{activate,check-change,lay-down}.sh"],
  },
  {
    file: "__tests__/proofs/expired-authorities.long.test.ts",
    seconds: 900,
    proves: [
      "lib/pki/**",
      "__tests__/proofs/members.ts",
      "templates/node/stage.sh.tftpl",
      "templates/rollout/stage-*.sh.part",
      "templates/rollout/{authorities,check-change,converge,restart}.sh",
    ],
  },
  {
    file: "__tests__/proofs/login.long.test.ts",
    seconds: 250,
    proves: [
      "lib/hosts/digitalocean/{digitalocean-host,digitalocean-host-group,login-keys}.ts",
      "lib/hosts/{openssh-key-pair,when-ready}.ts",
      "lib/node/ssh-access-part.ts",
      "__tests__/proofs/{deployed,on-nodes,ways-in}.ts",
      "templates/ssh/{authorize-keys,configure-sshd}.sh",
    ],
  },
  {
    file: "__tests__/proofs/import.long.test.ts",
    seconds: 350,
    proves: [
      "lib/rollout/{adoption,adoption-part,cluster-origin}.ts",
      "proofs/etcd/throw-away-authority.ts",
      "proofs/operations/hand-made-cluster.ts",
      "templates/adoption/check-adoption.sh",
      "templates/rollout/{converge,join}.sh",
    ],
  },
  {
    file: "__tests__/proofs/rollout-graph.long.test.ts",
    seconds: 300,
    proves: [
      "lib/etcd-{cluster,member}.ts",
      "lib/hosts/**",
      "lib/node/ssh-step.ts",
      "lib/rollout/{genesis,membership}.ts",
      "lib/terraform/terraform-data.ts",
      "__tests__/lab/clouds/digitalocean/provider/**",
      "__tests__/proofs/steps-here.ts",
    ],
  },
  {
    file: "__tests__/proofs/lost-majority.long.test.ts",
    seconds: 250,
    proves: [
      "lib/rollout/{cluster-origin,recovery-part}.ts",
      "templates/recovery/recover.sh",
      "templates/rollout/join.sh",
    ],
  },
  {
    file: "__tests__/proofs/upkeep.long.test.ts",
    seconds: 250,
    proves: [
      "lib/upkeep/**",
      "__tests__/proofs/on-nodes.ts",
      "templates/rollout/check-change.sh",
      "templates/upkeep/upkeep.env.tftpl",
      "templates/upkeep/{coordinator,defragment,defragmentation,metrics,reclaim-space}.sh",
    ],
  },
  {
    file: "__tests__/proofs/leader.long.test.ts",
    seconds: 180,
    proves: ["templates/leader/place-leader.sh", "__tests__/proofs/{deployed,leadership,sessions}.ts"],
  },
  {
    file: "__tests__/proofs/hcl.long.test.ts",
    seconds: 90,
    proves: [
      "lib/ready-step.ts",
      "lib/terraform/**",
      "__tests__/{sample-clusters,synth}.ts",
      "__tests__/lab/clouds/digitalocean/provider/terraform-workspace.ts",
      "__tests__/proofs/steps-here.ts",
    ],
  },
  {
    file: "__tests__/proofs/rebuilt-machine.long.test.ts",
    seconds: 180,
    proves: [
      "lib/rollout/genesis.ts",
      "__tests__/proofs/deployed.ts",
      "lab/clouds/digitalocean/api/droplet-lifecycle.ts",
      "templates/rollout/{activate,converge,join,prepare-founding}.sh",
    ],
  },
  {
    file: "__tests__/proofs/operator.long.test.ts",
    seconds: 300,
    proves: [
      "lib/access/client-files-output.ts",
      "lib/cli/access-files.ts",
      "lib/hosts/digitalocean/{digitalocean-host,digitalocean-host-group,digitalocean-host-props,digitalocean-sources}.ts",
      "lib/hosts/cloud-init-parts.ts",
      "lab/clouds/digitalocean/api/{projects.ts,routes/projects.ts}",
      "proofs/apps/cluster-stack.ts",
      "templates/boot/**",
    ],
  },
  {
    file: "__tests__/proofs/authorization.long.test.ts",
    seconds: 250,
    proves: [
      "lib/authorization/**",
      "lib/access/client-props.ts",
      "templates/authorization/**",
      "__tests__/proofs/{judge,loaded,sessions}.ts",
      "proofs/etcd/open-session.ts",
    ],
  },
  {
    file: "__tests__/proofs/authorization-edits.long.test.ts",
    seconds: 600,
    proves: ["lib/authorization/**", "templates/authorization/**"],
  },
  {
    file: "__tests__/proofs/revocation.long.test.ts",
    seconds: 400,
    proves: [
      "__tests__/proofs/{judge,loaded,sessions}.ts",
      "lib/pki/revo*.ts",
      "lib/access/client-props.ts",
      "templates/revocation/**",
      "templates/authorization/sessions.sh",
    ],
  },
  {
    file: "__tests__/proofs/hosts/moves.long.test.ts",
    seconds: 300,
    proves: ["lib/hosts/**", "lib/networks.ts", "proofs/apps/mixed-cluster.ts", "__tests__/proofs/{judge,loaded}.ts"],
  },
  {
    file: "__tests__/proofs/own-authority.long.test.ts",
    seconds: 240,
    proves: ["lib/pki/own-*.ts", "lib/pki/{authority,signer}.ts", "proofs/etcd/throw-away-authority.ts"],
  },
  {
    file: "__tests__/proofs/cold-cache.long.test.ts",
    seconds: 400,
    proves: ["lab/tools/{apt,cache,go-build,reach}.ts", "proofs/etcd/release.ts"],
  },
  {
    file: "__tests__/proofs/permissions.long.test.ts",
    seconds: 420,
    proves: [
      "docs/permissions.md",
      "lib/authorization/**",
      "lib/cli/{access,access-text}.ts",
      "lib/machines/**",
      "proofs/apps/documented.ts",
      "proofs/permissions/**",
      "templates/authorization/**",
    ],
  },
  {
    file: "__tests__/proofs/second-cluster.long.test.ts",
    seconds: 300,
    proves: [
      "lib/access/{access-directory,client-env,etcd-cluster-reference}.ts",
      "lib/hosts/digitalocean/{digitalocean-host-group,machines-at-start,machines-firewall}.ts",
      "lib/ready-step.ts",
      "lib/terraform/claims.ts",
      "proofs/apps/{cluster-stack,two-stacks}.ts",
    ],
  },
  {
    file: "__tests__/proofs/lost-location.long.test.ts",
    seconds: 110,
    proves: ["templates/rollout/{converge,join}.sh"],
  },
  {
    file: "__tests__/proofs/etcd-flags.long.test.ts",
    seconds: 20,
    proves: ["lib/etcd-flags.ts"],
  },
  {
    file: "__tests__/validation/valid-input.long.test.ts",
    seconds: 200,
    proves: [
      "lib/validation/**",
      "lib/{cluster-checks,host-checks}.ts",
      "lib/terraform/**",
      "__tests__/validation/{every-prop,odd-values,random-input}.ts",
    ],
  },
];

/** A change of these files requires every story. */
export const EVERY_STORY: readonly string[] = [
  "package-lock.json",
  "jest.config.js",
  "tsconfig.json",
  "proofs/recording/evidence.ts",
  "proofs/suite/{lanes,line-reporter,main,prepare,result-paths,story-environment,story-run}.ts",
  "lab/tools/namespaces.ts",
];

/** A change of these files requires no story of the lab tier, unless one names them above. */
export const NO_STORY: readonly Silence[] = [
  { why: "nothing runs it", paths: ["**/*.md", "docs/**", "LICENSE", ".gitignore", ".ci/run"] },
  {
    why: "npm run lint judges by it",
    paths: ["eslint.config.mjs", ".dependency-cruiser.js", ".prettierrc.json", ".prettierignore"],
  },
  {
    why: "what is installed stands in package-lock.json; the unit tier packs and compiles the package",
    paths: ["package.json", "tsconfig.build.json"],
  },
  {
    why: "the long tier alone has it",
    paths: [
      "__tests__/proofs/loaded.ts",
      "lib/{etcd-flags,ready-step}.ts",
      "lib/rollout/{adoption,adoption-part,cluster-origin}.ts",
      "proofs/suite/upgrade-from.ts",
      "proofs/earlier-checkout.ts",
      "proofs/apps/{documented,mixed-cluster}.ts",
      "proofs/permissions/**",
      "templates/adoption/check-adoption.sh",
      "templates/revocation/**",
      "templates/rollout/check-version.sh",
    ],
  },
  {
    why: "it never reaches a machine or Terraform: the unit tier has it",
    paths: [
      "lib/{cluster-checks,cluster-warnings,etcd-cluster-props,etcd-extra,host-checks,index,near-matches,validation-error}.ts",
      "lib/rollout/former-origin.ts",
      "lib/validation/**",
      "__tests__/validation/*.ts",
      "lib/cli/{access,access-files,access-text,outputs-option,plan,plan-text,report,text-table}.ts",
      "lib/hosts/digitalocean/{digitalocean-blocks,digitalocean-host-props,digitalocean-sizes,digitalocean-sources,machine-rules,networks,own-prefix}.ts",
      "lib/hosts/cloud-init-parts.ts",
      "lib/report/**",
      "lib/wan/{candidates,enumeration,failure-domain,input-doubts,loss-report,missing-round-trip-times,place-names,round-trip-doubts,survival-goal}.ts",
      "lib/wan/placement*.ts",
      // Of regions that no story has machines in.
      "lib/wan/{aws-times,region-places,triangular-table}.ts",
      "proofs/recording/{phases,timings}.ts",
      "proofs/suite/{changed,path-patterns,report,results,stories}.ts",
    ],
  },
  {
    why: "they are the unit tier, and what it uses",
    paths: [
      "__tests__/**/*.test.ts",
      "__tests__/*.ts",
      "__tests__/**/__snapshots__/**",
      "__tests__/{cli,hosts,measure,node,pki,rollout,ssh,templates,terraform,wan}/**",
      "__tests__/lab/tools/*.ts",
    ],
  },
  {
    why: "people run it: npm run demo, npm run lab, npm run bench:*, npm run test:campaign, npm run test:cdktn, examples",
    paths: ["lab/cli/**", "proofs/{cli,demo}.ts", "proofs/bench/**", "proofs/{campaign,cdktn}/**", "examples/*.ts"],
  },
];

/** Whether a file is that of a story, in the table or not. */
export function isStoryFile(file: string): boolean {
  return /^__tests__\/.*\.(lab|long)\.test\.ts$/.test(file);
}

export function tierOf({ file }: Story): Tier {
  return file.endsWith(".long.test.ts") ? "long" : "lab";
}

/** The stories of a tier, longest first. */
export function storiesIn(tier: Tier): Story[] {
  return STORIES.filter((story) => tierOf(story) === tier).sort((a, b) => b.seconds - a.seconds);
}

/** A story's name within its tier, for example "membership" or "wan/wan". */
export function nameOf({ file }: Story): string {
  return pathOf(file).replace(/^(lab|proofs)\//, "");
}

/** A story's name among those of both tiers, for example "membership (long)". */
export function titleOf(story: Story): string {
  return tierOf(story) === "long" ? `${nameOf(story)} (long)` : nameOf(story);
}

/** The name of the files with its results, for example "lab-proofs-membership" or "long-proofs-versions". */
export function resultNameOf(story: Story): string {
  return `${tierOf(story)}-${pathOf(story.file).replace(/\//g, "-")}`;
}

/** The stories to run after a change of a file; undefined if the file is not in the tables here. */
export function storiesFor(file: string): readonly Story[] | undefined {
  if (matches(EVERY_STORY, file)) return STORIES;
  const stories = STORIES.filter((story) => story.file === file || matches(story.proves, file));
  // A story's file without a row is an omission, even if a pattern of NO_STORY matches.
  const silent = !isStoryFile(file) && NO_STORY.some(({ paths }) => matches(paths, file));
  // Stories of the long tier run only now and then, so a file must also be in a row of the lab tier or in NO_STORY.
  const known = silent || stories.some((story) => story.file === file || tierOf(story) === "lab");
  return known ? stories : undefined;
}

/** The patterns of all tables, without braces. */
export function allPatterns(): string[] {
  const proven = STORIES.flatMap(({ proves }) => proves);
  const silent = NO_STORY.flatMap(({ paths }) => paths);
  return [...proven, ...EVERY_STORY, ...silent].flatMap(alternatives);
}

/** A story's path below __tests__, without the suffix. */
function pathOf(file: string): string {
  return file.replace(/^__tests__\//, "").replace(/\.(lab|long)\.test\.ts$/, "");
}
