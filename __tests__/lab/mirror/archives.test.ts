import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { archiveMounts, serveArchive } from "../../../lab/mirror/archives";
import { useCleanup } from "../../cleanup";

const atEnd = useCleanup();

describe("the archives that the mirror serves", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "archives-"));
  atEnd(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const links = path.join(directory, "links");

  it("are none before a machine was made", () => {
    expect(archiveMounts(links)).toEqual({});
  });

  it("are those of each suite, the last that was given", () => {
    const first = mkdtempSync(path.join(directory, "first-"));
    const second = mkdtempSync(path.join(directory, "second-"));
    serveArchive(links, "trixie", first);
    serveArchive(links, "bookworm", first);
    serveArchive(links, "trixie", second);
    const mounts = archiveMounts(links);
    expect(Object.keys(mounts).sort()).toEqual(["/debian/bookworm/", "/debian/trixie/"]);
    expect(realpathSync(mounts["/debian/trixie/"] ?? "")).toBe(realpathSync(second));
  });
});
