import { closeSync, fsyncSync, openSync, readFileSync, rmSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

import type { State } from "./model";

/**
 * The server's state on disk. Handlers change `state` and call `changed()`; the change is on disk once `flush()` has
 * resolved. Changes made during a write share the next write.
 */
export class Store {
  private dirty = false;
  private writing: Promise<void> | undefined;

  private constructor(
    readonly state: State,
    private readonly file?: string,
  ) {}

  /** A store without a file. */
  static inMemory(): Store {
    return new Store(emptyState());
  }

  /** Loads `file`, or creates it if there is none. */
  static open(file: string): Store {
    // Left by a crash during a write; the real file is still whole.
    rmSync(temporary(file), { force: true });
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      const store = new Store(emptyState(), file);
      store.changed();
      return store;
    }
    return new Store(parseState(file, text), file);
  }

  changed(): void {
    this.dirty = true;
  }

  async flush(): Promise<void> {
    while (this.dirty || this.writing) {
      this.writing ??= this.write().finally(() => {
        this.writing = undefined;
      });
      await this.writing;
    }
  }

  private async write(): Promise<void> {
    this.dirty = false;
    if (this.file === undefined) return;
    try {
      await replaceFile(this.file, `${JSON.stringify(this.state)}\n`);
    } catch (error) {
      this.dirty = true;
      throw error;
    }
  }
}

/** A reader of `file` sees the old text or the new one, never a part, even after a power cut. */
async function replaceFile(file: string, text: string): Promise<void> {
  // User data may hold host keys: readable by the owner only.
  const handle = await open(temporary(file), "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary(file), file);
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function temporary(file: string): string {
  return `${file}.new`;
}

function parseState(file: string, text: string): State {
  const damaged = (why: string): Error =>
    new Error(
      `The state file ${file} cannot be used: ${why}. Put back a good copy, or move it away to start with an empty account.`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(`it is not whole JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged("it is not a JSON object");
  const loaded = value as Record<string, unknown>;
  if (loaded["version"] !== 1) {
    throw damaged(`it has version ${JSON.stringify(loaded["version"])}, this server reads version 1`);
  }
  // Accounts that were begun before there were projects have none.
  if (Array.isArray(loaded["domains"])) loaded["projects"] ??= [];
  const empty: Record<string, unknown> = { ...emptyState() };
  for (const [key, sample] of Object.entries(empty)) {
    const found = loaded[key];
    if (typeof found !== typeof sample || found === null || Array.isArray(found) !== Array.isArray(sample)) {
      throw damaged(`"${key}" is missing or of another kind than expected`);
    }
  }
  return value as State;
}

function emptyState(): State {
  return {
    version: 1,
    sequences: {},
    cursors: {},
    keys: [],
    droplets: [],
    vpcs: [],
    peerings: [],
    tags: [],
    firewalls: [],
    volumes: [],
    reservedIps: [],
    domains: [],
    projects: [],
    actions: [],
  };
}
