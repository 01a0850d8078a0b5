// The frame of a page, and parts that several pages show.
import {h, Link, useEffect, useMemo, useTopbarItems} from "./react.js";
import {exact} from "./times.js";

const VIEWPORT = "width=device-width, initial-scale=1";

/** Colours for light and dark, and zooming on phones, while one of the farm's pages is open. */
function useFrame(title) {
  useTopbarItems(useMemo(() => [{caption: "Farm", route: "/farm"}, {caption: title, route: null}],
    [title]));
  useEffect(() => {
    const root = document.documentElement;
    const viewport = document.querySelector("meta[name=viewport]");
    const before = [document.title, viewport?.content];
    root.classList.add("farm-open");
    document.title = `${title} – ${window.buildbotFrontendConfig?.title ?? "Farm"}`;
    if (viewport) viewport.content = VIEWPORT;
    return () => {
      root.classList.remove("farm-open");
      document.title = before[0];
      if (viewport) viewport.content = before[1];
    };
  }, [title]);
}

/** A page: heading, a line of explanation or controls beside it, and what is in it.
 * @param {{title: string, lead?: any, actions?: any, children?: any}} props */
export function PageFrame({title, lead, actions, children}) {
  useFrame(title);
  return h("main", {className: "farm"},
    h("header", {className: "farm-head"},
      h("div", null, h("h1", null, title), lead && h("p", {className: "farm-lead"}, lead)),
      actions && h("div", {className: "farm-actions"}, actions)),
    children);
}

/** A part of a page with a heading of its own.
 * @param {{title: string, note?: any, wide?: boolean, children?: any}} props */
export function Panel({title, note, wide, children}) {
  return h("section", {className: `farm-panel${wide ? " farm-wide" : ""}`},
    h("div", {className: "farm-panel-head"}, h("h2", null, title),
      note && h("span", {className: "farm-note"}, note)),
    children);
}

/** A table; on narrow screens each row is a card. The first cell of a row is its heading.
 * @param {{caption: string, columns: string[], figures?: string[],
 *   rows: {key: string, cells: any[]}[]}} props `figures` are columns of aligned numbers */
export function Table({caption, columns, figures = [], rows}) {
  const kind = (name) => figures.includes(name) ? "farm-figure" : undefined;
  // The roles are those of the elements, which lose them where they are laid out as cards.
  return h("table", {className: "farm-table farm-cards", role: "table"},
    h("caption", {className: "farm-hidden"}, caption),
    h("thead", {role: "rowgroup"}, h("tr", {role: "row"}, columns.map((name) =>
      h("th", {key: name, scope: "col", role: "columnheader", className: kind(name)}, name)))),
    h("tbody", {role: "rowgroup"}, rows.map(({key, cells}) => h("tr", {key, role: "row"},
      cells.map((cell, at) => h(at ? "td" : "th", {key: columns[at], className: kind(columns[at]),
        role: at ? "cell" : "rowheader", scope: at ? undefined : "row", "data-label": columns[at]},
        h("div", null, cell)))))));
}

/** What went wrong, and where to log in where that would help. */
export function ErrorBox({problem}) {
  if (!problem) return null;
  return h("div", {className: "farm-error", role: "alert"}, h("p", null, sentence(problem.message)),
    problem.login && h("p", null, h("a", {href: loginAddress()}, "Log in")));
}

/** The state of an answer around what is made of it: loading, wrong, or old because the farm does
 * not answer at the moment.
 * @param {{answer: {data?: any, problem?: Error, at: number}, children: (data: any) => any}} props */
export function Answer({answer: {data, problem, at}, children}) {
  if (data === undefined) {
    return problem ? h(ErrorBox, {problem})
      : h("p", {className: "farm-loading", "aria-busy": true}, "Asking the farm…");
  }
  return h("div", null,
    problem && h("p", {className: "farm-stale", role: "status"},
      `${sentence(problem.message)} This is how it was at ${exact(at / 1000)}.`),
    children(data));
}

/** Where to log in so as to come back to this page. */
export function loginAddress() {
  return `auth/login?redirect=${encodeURIComponent(window.location.hash.slice(1))}`;
}

/** `the farm is starting` → `The farm is starting.` */
export function sentence(text) {
  const words = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:]$/.test(words) ? words : `${words}.`;
}

/** `count(1, "build")` → `1 build`; `count(1200, "build")` → `1,200 builds`. */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** The first digits of a commit or key. */
export function Digits({value, length = 10}) {
  return h("code", {className: "farm-digits", title: value}, value.slice(0, length));
}

/** A commit, leading to where it is. */
export function Commit({commit}) {
  return commit && h(Link, {to: commitAddress(commit)}, h(Digits, {value: commit}));
}

export const componentAddress = (name) => `/farm/component/${encodeURIComponent(name)}`;
export const generationAddress = (channel, distro) =>
  `/farm/generation/${encodeURIComponent(channel)}/${encodeURIComponent(distro)}`;
export const buildAddress = (key) => `/farm/build/${key}`;
export const commitAddress = (commit) => `/farm/commit?of=${commit}`;
