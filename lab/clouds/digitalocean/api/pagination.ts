import { invalid } from "./errors";

const DEFAULT_PER_PAGE = 20;
const MOST_PER_PAGE = 200;

export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** A page's links. `prev` must be on every page but the first: clients compute the next page's number from it. */
interface PageLinks {
  first?: string;
  prev?: string;
  next?: string;
  last?: string;
}

export interface Page<T> {
  readonly items: T[];
  readonly links: { pages?: PageLinks };
  readonly meta: { total: number };
}

export interface Pager {
  /** Scheme, host and path of the list. */
  readonly url: string;
  readonly query: Query;
}

export function paginate<T>(all: readonly T[], { url, query }: Pager): Page<T> {
  const page = positive("page", query, 1);
  const perPage = Math.min(positive("per_page", query, DEFAULT_PER_PAGE), MOST_PER_PAGE);
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const link = (number: number): string => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (typeof value === "string") search.set(name, value);
    }
    search.set("page", String(number));
    search.set("per_page", String(perPage));
    return `${url}?${search.toString()}`;
  };
  const pages: PageLinks = {};
  if (page > 1) {
    pages.first = link(1);
    pages.prev = link(page - 1);
  }
  if (page < last) {
    pages.next = link(page + 1);
    pages.last = link(last);
  }
  return {
    items: all.slice((page - 1) * perPage, page * perPage),
    links: last > 1 || page > 1 ? { pages } : {},
    meta: { total: all.length },
  };
}

export function single(query: Query, name: string): string | undefined {
  const value = query[name];
  return Array.isArray(value) ? value[0] : value;
}

function positive(name: string, query: Query, absent: number): number {
  const text = single(query, name);
  if (text === undefined || text === "") return absent;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw invalid(name, text, "an integer of at least 1");
  return number;
}
