/** The lab's public API: code outside the lab imports from here only. */

// A lab and its definition.
export type { LabDefinition, MirroredFile, OperatorPlace, RegionPair, Supplies } from "./definition";
export { Lab, OWNER_FILE } from "./lab";
export { LabPaths } from "./paths";
export { readConfig, type LabConfig } from "./config";
export { type OutputFiles, Sites, SITES_NETWORK } from "./sites";
export { exportsOf, labProgram } from "./cli/program";

// Clouds, machines without one, and the machines behind all of them.
export { type BareMachine, BareMachines } from "./clouds/bare/bare-machines";
export { BARE_NETWORK } from "./clouds/bare/ledger";
export type { BareMachineProps, BareUser } from "./clouds/bare/props";
export { LabApi, type LabDroplet } from "./clouds/digitalocean/client";
export { MachineError, NspawnMachineDriver } from "./machines/nspawn-machine-driver";
export { ensureImage } from "./machines/image";
export { ensurePackageMirror } from "./mirror/package-mirror";
export { startS3Server, type S3Server } from "./object-storage/s3-server";
export { ensureVersitygw } from "./object-storage/versitygw";

// The WAN between machines.
export { WanClient } from "./wan/client";
export { MIRROR, MIRRORED_FILES, OPERATOR, OPERATOR_ADDRESS } from "./wan/places";
export type { PairSettings, WanStats } from "./wan/protocol";
export type { RoundTripSource } from "./wan/matrix";
export { buildWan } from "./wan/build";

// Terraform, as the operator runs it.
export { cdktf, deploy, terraform, type CdktfResult, type CdktfRun } from "./terraform/run";
export { errorsIn, orphansIn, terraformErrors, unwrapped } from "./terraform/output";
export { OperatorPriority } from "./terraform/operator-group";

// Tools for programs that test something in a lab: the cache of builds, Go, processes.
export { cached, keepCacheIn } from "./tools/cache";
export { ensureGoProgram, type OwnGoProgram } from "./tools/go-program";
export { ensureGoTests, type GoTests } from "./tools/go-tests";
export { goSourcesOf } from "./tools/go-sources";
export { buildGoModules, buildGoSources } from "./tools/go-build";
export { ensureCommands } from "./tools/apt";
export { attempt, CommandError, run, type CommandResult } from "./tools/command";
export { endChild, hasEnded } from "./tools/child";
export { isAlive, processesWith, procFile, recordOf, signal, type ProcessRecord } from "./tools/process-record";
export { processesNamed, signalTree } from "./tools/process-tree";
export { inOwnNamespaces } from "./tools/namespaces";
export { waitFor, waitUntil } from "./tools/wait";
export { readJson, writeAtomically } from "./tools/files";
export { LineLog } from "./tools/line-log";
export { hostArch } from "./tools/platform";
export { silent, type Progress } from "./tools/progress";
export { CONNECT_TIMEOUT_S, isUnreachable, knownUnreachable, NO_WAY_OUT, rememberUnreachable } from "./tools/reach";
export { sha256OfFile } from "./tools/sha256";
export { ToolError } from "./tools/tool-error";

// The lab's own programs and tests in Go.
export { ensureConformance } from "./clouds/digitalocean/conformance";
export { LAB_GO_TESTS } from "./go-tested";
