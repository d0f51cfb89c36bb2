import { Api, Workspace } from "../../lab/clouds/digitalocean/provider/terraform-workspace";
import { useCleanup } from "../../cleanup";

/** The API of DigitalOcean's stand-in, and a directory in which Terraform works against it. */
export interface ServedWorkspace {
  readonly api: Api;
  readonly work: Workspace;
}

/**
 * Starts them.
 *
 * @param atEnd has them ended; see {@link useCleanup}
 * @param bootSeconds as `Api.start` takes it
 */
export async function serveWorkspace(
  atEnd: ReturnType<typeof useCleanup>,
  bootSeconds?: number,
): Promise<ServedWorkspace> {
  const api = await Api.start(bootSeconds);
  atEnd(() => api.stop());
  const work = await Workspace.open(api.client.url);
  atEnd(() => work.close());
  return { api, work };
}
