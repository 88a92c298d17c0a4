/**
 * How the element looks: light or dark as the page's `color-scheme` is. Pages change it by the custom properties named here, and by parts.
 * @module
 */

/** The style sheet of the shadow root. */
export const STYLE = `
:host {
  --accent: var(--torchtab-accent, light-dark(#b3430c, #ff9a57));
  --ground: var(--torchtab-ground, light-dark(#fffdfa, #1b2125));
  --ink: var(--torchtab-ink, light-dark(#1d2a33, #e9e4dc));
  --quiet: light-dark(#5a6570, #a3aeb5);
  --line: light-dark(#e0d8cc, #2f383e);
  --edge: light-dark(#8f867a, #73818a);
  --bad: light-dark(#a5211f, #ff8d84);
  display: block;
  container-type: inline-size;
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
section {
  padding: 1.25rem;
  border: 1px solid var(--line);
  border-radius: 0.875rem;
  background: var(--ground);
  color: var(--ink);
  font: 400 0.9375rem/1.5 var(--torchtab-font, system-ui, sans-serif);
}
h2 { margin: 0; font-size: 1.125rem; line-height: 1.3; overflow-wrap: anywhere; }
p { margin: 0.25rem 0 0; }
.facts { color: var(--quiet); font-size: 0.8125rem; min-height: 1.5em; }
form { margin-top: 1rem; display: grid; gap: 0.875rem; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 0.75rem; }
label { display: grid; gap: 0.25rem; font-size: 0.8125rem; color: var(--quiet); align-content: start; }
input, textarea {
  font: inherit;
  font-size: 0.9375rem;
  width: 100%;
  min-height: 2.75rem;
  padding: 0.5rem 0.75rem;
  border: 1px solid var(--edge);
  border-radius: 0.5rem;
  background: transparent;
  color: var(--ink);
}
textarea { resize: vertical; }
input[type="file"] { padding: 0.4rem; }
button {
  font: inherit;
  font-weight: 600;
  min-height: 2.75rem;
  padding: 0 1.25rem;
  border: 1px solid transparent;
  border-radius: 0.5rem;
  background: var(--accent);
  color: light-dark(#fff, #221005);
  cursor: pointer;
  justify-self: start;
}
button.plain { margin-top: 0.5rem; background: transparent; border-color: var(--edge); color: var(--ink); font-weight: 400; }
button[aria-disabled="true"] { opacity: 0.6; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.picture { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
.picture .wide { flex: 1 1 10rem; }
canvas { width: 10rem; height: auto; image-rendering: pixelated; border-radius: 0.5rem; background: #000; }
canvas.drawn { touch-action: none; cursor: crosshair; }
.answer { margin-top: 1rem; min-height: 3rem; }
.bars { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.375rem; }
.bars li { display: grid; grid-template-columns: minmax(5rem, 10rem) 1fr 4rem; gap: 0.25rem 0.75rem; align-items: center; }
.label { overflow-wrap: anywhere; }
.bars li:first-child .label { font-weight: 600; }
.share { text-align: right; font-variant-numeric: tabular-nums; }
.bar { height: 0.5rem; border-radius: 0.25rem; background: var(--line); overflow: hidden; }
.bar::after { content: ""; display: block; height: 100%; width: calc(100% * var(--share)); border-radius: inherit; background: var(--accent); }
.number { font-size: 1.5rem; font-variant-numeric: tabular-nums; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 0.8125rem/1.5 ui-monospace, monospace; }
[role="alert"]:not(:empty) { margin-top: 0.75rem; color: var(--bad); }
[role="alert"] { overflow-wrap: anywhere; }
details { margin-top: 1rem; font-size: 0.8125rem; }
summary { cursor: pointer; color: var(--quiet); min-height: 1.5rem; }
.scroll { max-height: 16rem; overflow: auto; margin-top: 0.5rem; }
table { border-collapse: collapse; width: 100%; font: 0.75rem/1.5 ui-monospace, monospace; }
th, td { text-align: left; padding: 0.125rem 0.75rem 0.125rem 0; vertical-align: top; overflow-wrap: anywhere; }
@container (max-width: 22rem) {
  section { padding: 1rem; }
  .bars li { grid-template-columns: 1fr 4rem; }
  .bar { grid-row: 2; grid-column: 1 / -1; }
}
`;
