import type { LabConfig } from "./config";
import { ensureImage } from "./machines/image";
import { serveArchive } from "./mirror/archives";
import { ensurePackageMirror } from "./mirror/package-mirror";
import type { LabPaths } from "./paths";
import type { Progress } from "./tools/progress";

/** The directory of a lab's image; from then on the mirror has the packages that machines with it can install. */
export async function machineImage(
  slug: string,
  paths: LabPaths,
  { imagePackages, packages = [] }: Partial<Pick<LabConfig, "imagePackages" | "packages">> = {},
  progress: Progress,
): Promise<string> {
  const image = await ensureImage(slug, progress, imagePackages);
  if (packages.length > 0) {
    serveArchive(paths.archives, image.distribution.suite, await ensurePackageMirror(image, packages, progress));
  }
  return image.rootfs;
}
