/** One request, as `GET /lab/requests` answers it. */
export interface LoggedRequest {
  readonly id: string;
  readonly time: string;
  readonly method: string;
  readonly url: string;
  /** The body, without what may hold secrets. */
  body?: unknown;
  /** Absent while the request is in progress, and if its connection was dropped. */
  status?: number;
  milliseconds?: number;
  /** The kind of fault that occurred. */
  fault?: string;
}

/** The last requests, oldest first. */
export class RequestLog {
  private entries: LoggedRequest[] = [];

  constructor(private readonly most = 2000) {}

  add(entry: LoggedRequest): void {
    this.entries.push(entry);
    if (this.entries.length > this.most) this.entries.shift();
  }

  list(): readonly LoggedRequest[] {
    return this.entries;
  }

  clear(): void {
    this.entries = [];
  }
}

/** User data may hold host keys: only its length is kept. */
export function withoutSecrets(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("user_data" in body)) return body;
  const { user_data: userData, ...rest } = body;
  return { ...rest, user_data: typeof userData === "string" ? `(${userData.length} characters)` : userData };
}
