import { run } from "../../../lab/tools/command";
import { customizeScript, distributionOf, imageFiles } from "../../../lab/machines/image-recipe";
import { ensureImage } from "../../../lab/machines/image";

test.each([
  ["debian-12-x64", "bookworm"],
  ["debian-13-x64", "trixie"],
  ["ubuntu-24-04-x64", "noble"],
])("%s is %s", (slug, suite) => {
  expect(distributionOf(slug)?.suite).toBe(suite);
});

test("an image the lab does not have is an error that names those it has", async () => {
  await expect(ensureImage("windows-11")).rejects.toThrow(/no image "windows-11".*debian-13-x64/);
});

test("the script that prepares an image is valid shell and writes every file", async () => {
  const trixie = distributionOf("debian-13-x64");
  if (trixie === undefined) throw new Error("no trixie");
  const script = customizeScript(trixie);
  await run(["sh", "-n"], { input: script });
  for (const file of Object.keys(imageFiles(trixie))) expect(script).toContain(`cat > "$1${file}"`);
});
