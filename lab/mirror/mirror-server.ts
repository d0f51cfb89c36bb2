import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

/** Directories to serve, and where to listen. */
export interface MirrorServerProps {
  /** Address to listen on: 198.18.0.2 in the lab, 127.0.0.1 in tests. */
  readonly address: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** Directories by the URL prefix below which they are served, for example "/debian/"; asked for at each request. */
  readonly mounts: () => Readonly<Record<string, string>>;
  /** Called after each answer, for a log. */
  readonly onRequest?: (method: string, url: string, status: number) => void;
}

/** A running server. */
export interface MirrorServer {
  readonly address: string;
  readonly port: number;
  /** Stops the server and closes open connections. */
  close(): Promise<void>;
}

/** Serves files over HTTP: GET and HEAD, ranges, If-Modified-Since; no listings, and nothing outside the mounts. */
export async function startMirrorServer(props: MirrorServerProps): Promise<MirrorServer> {
  const server = createServer((request, response) => {
    answer(props.mounts(), request, response)
      .catch(() => {
        if (!response.headersSent) fail(response, 500);
        else response.destroy();
      })
      .finally(() => props.onRequest?.(request.method ?? "", request.url ?? "", response.statusCode));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(props.port, props.address, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(
  mounts: Readonly<Record<string, string>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    fail(response, 405);
    return;
  }
  const file = await resolveFile(mounts, request.url ?? "");
  if (file === undefined) {
    fail(response, 404);
    return;
  }
  const info = await stat(file);
  const modified = new Date(Math.floor(info.mtimeMs / 1000) * 1000);
  response.setHeader("Last-Modified", modified.toUTCString());
  response.setHeader("Accept-Ranges", "bytes");
  response.setHeader("Content-Type", "application/octet-stream");

  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  if (!Number.isNaN(since) && modified.getTime() <= since) {
    response.writeHead(304).end();
    return;
  }
  // apt resumes a download with If-Range: the range counts only if the file has not changed since.
  const ifRange = request.headers["if-range"];
  const unchanged = ifRange === undefined || Date.parse(String(ifRange)) === modified.getTime();
  const range = unchanged ? parseRange(request.headers.range, info.size) : undefined;
  if (range === "unsatisfiable") {
    response.setHeader("Content-Range", `bytes */${info.size}`);
    fail(response, 416);
    return;
  }
  const { from, to } = range ?? { from: 0, to: info.size - 1 };
  if (range !== undefined) response.setHeader("Content-Range", `bytes ${from}-${to}/${info.size}`);
  response.setHeader("Content-Length", to - from + 1);
  response.writeHead(range === undefined ? 200 : 206);
  if (request.method === "HEAD" || info.size === 0) {
    response.end();
    return;
  }
  await new Promise<void>((resolve) => {
    const stream = createReadStream(file, { start: from, end: to });
    stream.once("error", () => response.destroy());
    response.once("close", () => {
      // The connection may also close because the machine was powered off during the download.
      stream.destroy();
      resolve();
    });
    stream.pipe(response);
  });
}

/** The regular file a URL stands for, undefined if there is none or it lies outside its mount. */
async function resolveFile(mounts: Readonly<Record<string, string>>, url: string): Promise<string | undefined> {
  let pathname: string;
  try {
    pathname = decodeURIComponent(url.replace(/[?#].*$/s, ""));
  } catch {
    return undefined;
  }
  if (pathname.includes("\0")) return undefined;
  for (const [prefix, dir] of Object.entries(mounts)) {
    if (!pathname.startsWith(prefix)) continue;
    try {
      // Compared after links are resolved, so that neither ".." nor a link leads out of the mount.
      const root = await realpath(dir);
      const file = await realpath(path.join(root, pathname.slice(prefix.length)));
      if (file.startsWith(root + path.sep) && (await stat(file)).isFile()) return file;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** One byte range by RFC 9110; anything else, or several ranges, means the whole file. */
function parseRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { from: size - length, to: size - 1 };
  }
  const from = Number(first);
  if (from >= size) return "unsatisfiable";
  const to = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return to < from ? undefined : { from, to };
}

function fail(response: ServerResponse, status: number): void {
  response.removeHeader("Content-Type");
  response.writeHead(status, { "Content-Length": 0 }).end();
}
