import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import * as path from "node:path";
import { endChild, hasEnded } from "../tools/child";
import { silent, type Progress } from "../tools/progress";
import { ensureVersitygw } from "./versitygw";
import { MIRROR_ADDRESS } from "../wan/places";
import { waitUntil } from "../tools/wait";

/** Machines reach the mirror's address on ports 80, which the mirror uses, and 443. */
const PORT = 443;
const BUCKET = "backups";
const START_TIMEOUT_MS = 10_000;

/** Object storage in the lab, with one bucket. */
export interface S3Server {
  /** An http URL. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Directory with the bucket's objects as files. */
  readonly directory: string;
  close(): Promise<void>;
}

/** Starts an S3 server on the mirror's address; objects are files in a directory. It ends with this process. */
export async function startS3Server(root: string, progress: Progress = silent): Promise<S3Server> {
  const versitygw = await ensureVersitygw(progress);
  const objects = path.join(root, "objects");
  const attributes = path.join(root, "attributes");
  const directory = path.join(objects, BUCKET);
  await mkdir(directory, { recursive: true });
  await mkdir(attributes, { recursive: true });
  const accessKeyId = "LAB";
  // With what a format of files could stumble over: whoever uses it has to hand it on as it is.
  const secretAccessKey = ` ${randomBytes(24).toString("hex")} "'\`$(id)\${x}%{y}#;=\\n é😀 `;
  const region = "lab-1";
  const server = spawn(
    "setpriv",
    [
      ...["--pdeathsig", "KILL", versitygw, "--quiet", "--port", `${MIRROR_ADDRESS}:${PORT}`, "--region", region],
      // In files beside the objects, because not every file system has extended attributes.
      ...["posix", "--sidecar", attributes, objects],
    ],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    },
  );
  let words = "";
  server.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  const started = await waitUntil(
    async () => hasEnded(server) || (await listens(MIRROR_ADDRESS, PORT)),
    START_TIMEOUT_MS,
    100,
  );
  if (!started || hasEnded(server)) {
    server.kill("SIGKILL");
    throw new Error(`the lab's S3 server did not start: ${words}`);
  }
  return {
    endpoint: `http://${MIRROR_ADDRESS}:${PORT}`,
    region,
    bucket: BUCKET,
    accessKeyId,
    secretAccessKey,
    directory,
    close: async () => {
      await endChild(server, "SIGKILL");
    },
  };
}

function listens(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => {
      end(true);
    });
    socket.once("error", () => {
      end(false);
    });
  });
}
