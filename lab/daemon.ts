/**
 * The lab's one long-lived process: API server, machine driver and package mirror. `up` starts it, `down` ends it;
 * machines and the WAN outlive it, so that it may crash and be started again.
 */
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { createApiServer } from "./clouds/digitalocean/api/server";
import { Store } from "./clouds/digitalocean/api/store";
import { readConfig } from "./config";
import { NspawnMachineDriver } from "./machines/nspawn-machine-driver";
import { LabPaths } from "./paths";
import { machineImage } from "./machine-image";
import { archiveMounts } from "./mirror/archives";
import { startMirrorServer } from "./mirror/mirror-server";
import { WanClient } from "./wan/client";
import { MIRROR_ADDRESS, MIRRORED_FILES } from "./wan/places";

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

async function main(): Promise<void> {
  const paths = new LabPaths(path.resolve(process.argv[2] ?? ".lab"));
  const config = readConfig(paths);
  mkdirSync(paths.machines, { recursive: true });

  const wan = new WanClient({ stateDir: paths.wan, matrix: config.matrix, log });
  await wan.start();
  const stopWatching = wan.watch();

  const mirror = await startMirrorServer({
    address: MIRROR_ADDRESS,
    port: 80,
    mounts: () => ({ [new URL(MIRRORED_FILES).pathname]: paths.files, ...archiveMounts(paths.archives) }),
    onRequest: (method, url, status) => {
      log(`mirror: ${method} ${url} ${status}`);
    },
  });

  const driver = new NspawnMachineDriver({
    stateDir: paths.machines,
    group: paths.controlGroup,
    wan,
    log,
    imageFor: (slug) => machineImage(slug, paths, config, log),
  });
  const api = createApiServer({ store: Store.open(paths.apiState), driver, tokens: [config.token], log });
  await api.listen(config.port);
  log(`ready on 127.0.0.1:${config.port}`);

  const stop = (): void => {
    stopWatching();
    void Promise.allSettled([api.close(), mirror.close()]).then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

main().catch((error: unknown) => {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
});
