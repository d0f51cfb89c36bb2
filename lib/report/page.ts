import { enumeration } from "../wan/enumeration";
import type { CertificatePlan, CertificateRow } from "./certificates";
import type { ClusterPlan } from "./cluster-plan";
import type { ClusterMap } from "./map";
import { mapCaption } from "./map";
import { escape } from "./markup";
import { duration, milliseconds } from "./milliseconds";
import { PAGE_STYLE } from "./page-style";
import { survival, tolerance } from "./sentences";

/** A cell: text, or markup of our own. */
type Cell = string | { readonly html: string };

/** Draws the whole page: one file, which loads nothing. */
export function drawPage(
  title: string,
  plan: ClusterPlan,
  map: ClusterMap,
  certificates: CertificatePlan = {},
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}: etcd across ${escape(cities(plan))}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">etcd cluster · ${escape(title)}</p>
<h1>${escape(cities(plan))}</h1>
<p class="lead">${escape(mapCaption(plan))}</p>
</header>
${facts(plan)}
<figure style="${lens(map)}">${map.svg}</figure>
${members(plan)}
${latency(plan)}
${losses(plan)}
${roundTrips(plan)}
${tuning(plan)}
${certificateTable(certificates)}
${sentences("Advice", plan.advice.length > 0 ? plan.advice : ["no single move helps these clients"])}
${plan.warnings.length > 0 ? sentences("Warnings", plan.warnings) : ""}
<footer>
<p>Times are medians of the network; a disk's fsync, 1 to 10 ms, comes on top. A write goes from the client to the member nearest to it, on to the leader, and waits for the commit.</p>
<p>Round-trip times: ${escape(plan.source)}${plan.measuredAt === undefined ? "" : ` (${escape(plan.measuredAt)})`}.</p>
</footer>
</main>
</body>
</html>
`;
}

function cities(plan: ClusterPlan): string {
  return enumeration([...new Set(plan.members.map((member) => member.title))], "and");
}

/** On a small screen the map is enlarged to the part that has members in it. */
function lens({ from, to }: ClusterMap): string {
  const zoom = Math.min(2.2, 1 / Math.min(1, to - from + 0.1));
  const start = Math.max(0, Math.min(1 - 1 / zoom, (from + to) / 2 - 1 / zoom / 2));
  return `--zoom:${zoom.toFixed(3)};--from:${(start * zoom).toFixed(3)}`;
}

function facts(plan: ClusterPlan): string {
  const [leader] = plan.leaders;
  const rows = [
    ["Quorum", `${plan.quorumSize} of ${plan.members.length}`, tolerance(plan.faultTolerance)],
    ["Leader", nameOf(plan, leader.location), `commits in ${milliseconds(leader.commitMs)}`],
    ["Mean write", milliseconds(leader.meanWriteMs), `${milliseconds(leader.worstWriteMs)} at worst`],
    ["Election timeout", duration(valueOf(plan, "election timeout")), `profile ${plan.profile}`],
  ];
  const tiles = rows.map(
    ([term, value, note]) =>
      `<div><dt>${escape(term)}</dt><dd>${escape(value)}<small>${escape(note)}</small></dd></div>`,
  );
  return `<dl class="facts">${tiles.join("")}</dl>`;
}

function valueOf(plan: ClusterPlan, setting: string): number {
  return plan.tuning.find((line) => line.setting === setting)?.ms ?? NaN;
}

function members(plan: ClusterPlan): string {
  const rows = plan.leaders.map((leader, index) => {
    const here = plan.members.filter((member) => member.location === leader.location);
    const names = here.map((member) => member.name).join(", ");
    return [
      {
        html: `<b class="rank${index === 0 ? " leads" : ""}">${index + 1}</b>${two(nameOf(plan, leader.location), names)}`,
      },
      milliseconds(leader.commitMs),
      milliseconds(leader.commitP95Ms),
      milliseconds(leader.meanWriteMs),
      milliseconds(leader.worstWriteMs),
    ];
  });
  return section(
    "Members, in the order to lead",
    "The first is the best place for the leader; the others follow in the order to fall back.",
    table(["Leader in", "Commit", "Commit, p95", "Mean write", "Worst write"], rows),
  );
}

function latency(plan: ClusterPlan): string {
  const rows = plan.clients.map((client) => {
    const least = Math.min(...client.writes.map((write) => write.ms));
    return [
      { html: two(client.title, `${client.location}, weight ${client.weight}`) },
      milliseconds(client.serializableReadMs),
      ...client.writes.map((write) => ({
        html: write.ms === least ? `<b>${milliseconds(write.ms)}</b>` : milliseconds(write.ms),
      })),
    ];
  });
  return section(
    "Latency where the clients are",
    "A write, or a linearizable read, by where the leader is. A stale read asks the nearest member alone.",
    table(["Client in", "Stale read", ...plan.leaders.map((leader) => `Leader ${leader.location}`)], rows),
  );
}

function losses(plan: ClusterPlan): string {
  // A continent with one location says nothing that the location does not.
  const rows = plan.losses
    .filter((loss) => loss.kind === "location" || loss.locations.length > 1)
    .map((loss) => [
      { html: two(loss.title, loss.locations.join(", ")) },
      { html: loss.quorumLeft ? '<span class="chip good">goes on</span>' : '<span class="chip bad">stops</span>' },
      loss.quorumLeft ? String(loss.faultToleranceLeft) : "–",
      loss.leader === undefined ? "–" : nameOf(plan, loss.leader.location),
      loss.leader === undefined ? "–" : milliseconds(loss.leader.meanWriteMs),
      loss.leader === undefined ? "–" : milliseconds(loss.leader.worstWriteMs),
    ]);
  return section(
    "When a place is lost",
    survival(plan),
    table(["Lost", "The cluster", "May still fail", "Leader then", "Mean write", "Worst write"], rows),
  );
}

function roundTrips(plan: ClusterPlan): string {
  if (plan.links.length === 0) return "";
  const rows = plan.links.map((link) => [
    { html: two(`${nameOf(plan, link.a)} – ${nameOf(plan, link.b)}`, `${link.a}, ${link.b}`) },
    milliseconds(link.p50),
    milliseconds(link.p95),
    [link.commits ? "commits a write" : "", link.estimated ? "estimated" : ""].filter(Boolean).join(", ") || "–",
  ]);
  return section("Round trips", "Between members.", table(["Between", "Median", "p95", "Remark"], rows));
}

function tuning(plan: ClusterPlan): string {
  const rows = plan.tuning.map((line) => [
    line.setting,
    duration(line.ms),
    { html: `<span class="why">${escape(line.reason)}</span>` },
  ]);
  return section(
    "Tuning",
    `Profile ${plan.profile}. The same on every member.`,
    table(["Setting", "Value", "Why"], rows, "wordy"),
  );
}

function certificateTable({ configured, rows }: CertificatePlan): string {
  if (configured === undefined && rows === undefined) return "";
  const renewal =
    configured === undefined
      ? ""
      : `Those of members and clients last ${days(configured.leafValidityDays)}; a deploy within the last ` +
        `${days(configured.earlyRenewalDays)} renews them. Authorities last ${days(configured.authorityValidityDays)}, and are rotated` +
        `${configured.authorityWarningDays === undefined ? "" : `, from ${days(configured.authorityWarningDays)} before their end on`}.`;
  if (rows === undefined) {
    return `<section><h2>Certificates</h2><p class="note">${escape(renewal)} For the days left of each, give --outputs.</p></section>`;
  }
  const cells = rows.map((row) => [
    { html: two(row.holder, row.kind) },
    row.ends.slice(0, 10),
    String(row.daysLeft),
    { html: standing(row, configured) },
  ]);
  return section("Certificates", renewal, table(["Certificate", "Ends", "Days left", "Next"], cells));
}

function standing({ daysLeft, isAuthority }: CertificateRow, configured: CertificatePlan["configured"]): string {
  if (daysLeft < 0) return '<span class="chip bad">has expired: deploy</span>';
  const [due, what] = isAuthority
    ? [configured?.authorityWarningDays, "rotate: three deploys"]
    : [configured?.earlyRenewalDays, "renew: deploy"];
  // Stacks of earlier versions do not have it.
  if (due === undefined) return "–";
  return daysLeft < due ? `<span class="chip bad">${what}</span>` : '<span class="chip good">good</span>';
}

function days(count: number): string {
  return count === 1 ? "1 day" : `${count} days`;
}

function sentences(title: string, lines: readonly string[]): string {
  const items = lines.map((line) => `<li>${escape(line.charAt(0).toUpperCase() + line.slice(1))}</li>`);
  return `<section><h2>${escape(title)}</h2><ul>${items.join("")}</ul></section>`;
}

function section(title: string, note: string, body: string): string {
  return `<section><h2>${escape(title)}</h2><p class="note">${escape(note)}</p>${body}</section>`;
}

/** Each cell carries its column's title: a narrow screen shows a row as a card. */
function table(titles: readonly string[], rows: readonly (readonly Cell[])[], kind = ""): string {
  const cell = (content: Cell, column: number): string => {
    const html = typeof content === "string" ? escape(content) : content.html;
    return column === 0 ? `<th scope="row">${html}</th>` : `<td data-title="${escape(titles[column])}">${html}</td>`;
  };
  const head = titles.map((title) => `<th scope="col">${escape(title)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("\n");
  return `<table class="${kind}"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function two(main: string, under: string): string {
  return `<span class="two">${escape(main)}<small>${escape(under)}</small></span>`;
}

function nameOf(plan: ClusterPlan, location: string): string {
  return plan.members.find((member) => member.location === location)?.title ?? location;
}
