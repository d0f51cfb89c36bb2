/** The page's style: one column, light or dark as the reader's system, tables as cards on a narrow screen. */
export const PAGE_STYLE = `
:root { --paper: #ffffff; --ink: #12263a; --soft: #52677b; --line: #dfe7ee; --tile: #f3f7fb; --lead: #c2410c; --commit: #0b7a75; --good: #0b6b45; --bad: #b42318 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0a121b; --ink: #e6eff7; --soft: #9db3c7; --line: #21313f; --tile: #121e2a; --lead: #ff9f5a; --commit: #3fd0c0; --good: #5fd39a; --bad: #ff8a7a }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; color-scheme: light dark }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; overflow-wrap: anywhere }
main { max-width: 1040px; margin: 0 auto; padding: 48px 24px 64px }
.eyebrow { margin: 0; color: var(--soft); font-size: 14px; letter-spacing: .04em }
h1 { margin: 4px 0 12px; font-size: clamp(28px, 4.6vw, 44px); line-height: 1.15; letter-spacing: -.02em; text-wrap: balance }
.lead { margin: 0; max-width: 62ch; font-size: 18px; color: var(--soft) }
.facts { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin: 28px 0 }
.facts div { background: var(--tile); border-radius: 14px; padding: 14px 18px }
.facts dt { font-size: 13px; color: var(--soft) }
.facts dd { margin: 0; font-size: 24px; font-weight: 700; line-height: 1.3 }
small { display: block; font-size: 13px; font-weight: 400; color: var(--soft) }
figure { margin: 0; overflow: hidden; border-radius: 16px }
figure svg { display: block; width: 100%; height: auto }
figure .caption { display: none }
section { margin-top: 48px }
h2 { margin: 0 0 4px; font-size: 22px; letter-spacing: -.01em }
.note { margin: 0 0 12px; color: var(--soft); max-width: 70ch }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: 9px 12px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: middle }
th:first-child, td:first-child { padding-left: 0; text-align: left }
th:last-child, td:last-child { padding-right: 0 }
thead th { font-size: 13px; font-weight: 500; color: var(--soft); vertical-align: bottom }
tbody th { font-weight: 600; line-height: 1.35 }
td b { color: var(--commit) }
.two { display: inline-block; vertical-align: middle }
.rank { display: inline-block; width: 28px; height: 28px; margin-right: 12px; border-radius: 50%; background: var(--commit); color: var(--paper); text-align: center; line-height: 28px; vertical-align: middle }
.rank.leads { background: var(--lead) }
.chip { display: inline-block; padding: 1px 10px; border-radius: 99px; border: 1px solid; font-size: 14px; white-space: nowrap }
.good { color: var(--good) } .bad { color: var(--bad) }
.wordy th:last-child, .wordy td:last-child { text-align: left; width: 56% }
.wordy td:nth-child(2) { white-space: nowrap }
.why { color: var(--soft); font-size: 15px }
ul { margin: 8px 0 0; padding-left: 20px; max-width: 78ch } li { margin: 6px 0 }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--soft); font-size: 14px }
footer p { margin: 0 0 8px }
@media (max-width: 700px) {
  main { padding: 28px 16px 48px }
  .lead { font-size: 16px }
  .facts { grid-template-columns: repeat(2, 1fr); gap: 10px; margin: 20px 0 }
  .facts div { padding: 12px 14px } .facts dd { font-size: 20px }
  figure svg { width: calc(100% * var(--zoom)); margin-left: calc(-100% * var(--from)) }
  figure .label, figure .time, figure .legend { display: none }
  figure .disc { transform: scale(1.5) }
  section { margin-top: 36px }
  table, tbody, tr { display: block } thead { display: none }
  tr { padding: 10px 0; border-bottom: 1px solid var(--line) }
  th, td { display: flex; justify-content: space-between; gap: 16px; padding: 2px 0; border: 0 }
  tbody th { justify-content: flex-start; padding-bottom: 6px; align-items: center }
  td::before { content: attr(data-title); color: var(--soft); text-align: left }
  .wordy td:last-child { width: auto; display: block } .wordy td:last-child::before { content: none }
}
@media print { section { break-inside: avoid } }
`;
