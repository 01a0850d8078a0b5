// Every component of a channel on every distro.
import {h, Link, memo, useCallback, useMemo, useSearchParams, useState} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, buildAddress, componentAddress, count, generationAddress, PageFrame} from "./parts.js";
import {shownState, State, stateOf} from "./states.js";
import {Dialog} from "./dialog.js";
import {ForceButton, RebuildFailedButton} from "./force.js";
import {Ago} from "./times.js";
import {useWindowed} from "./windowed.js";

const ROW_PX = 48;
const ORDER = ["failed", "held-back", "blocked", "building", "ready", "waiting", "built", "published",
  "excluded"];

export function Page() {
  const lines = useAsk(`${FARM}lines?kind=&limit=500`, {every: 10000});
  const filter = useFilter();
  return h(PageFrame, {title: "Matrix",
    lead: "Every component on every distro: what the archive has, and what keeps it from having more."},
    h(Answer, {answer: lines}, (data) => h(Channel, {lines: data.lines, filter})));
}

/** What the reader looks for: kept in the address. */
function useFilter() {
  const [query, setQuery] = useSearchParams();
  const set = (name, value) => {
    const next = new URLSearchParams(query);
    if (value) next.set(name, value);
    else next.delete(name);
    setQuery(next, {replace: true});
  };
  const states = (query.get("state") ?? "").split(",").filter(Boolean);
  return {set, states, channel: query.get("channel"), distro: query.get("distro") ?? "",
    text: query.get("text") ?? "",
    toggle: (state) => set("state", (states.includes(state) ? states.filter((one) => one !== state)
      : [...states, state]).join(","))};
}

function Channel({lines, filter}) {
  const channels = [...new Set(lines.map((line) => line.channel))];
  const channel = filter.channel ?? channels[0];
  const answer = useAsk(channel ? `${FARM}matrix/${encodeURIComponent(channel)}` : null);
  if (!channel) {
    return h("p", null, "There is nothing to show yet: ",
      h(Link, {to: "/farm"}, "the overview says what to do first"), ".");
  }
  return h("div", null, h(Answer, {answer}, (matrix) =>
    h(Matrix, {matrix, filter, channels, lines: lines.filter((line) => line.channel === channel)})));
}

/** A cell as it is filtered and shown. */
const cellState = (cell) => cell === null ? "excluded" : shownState(cell);

/** The rows and columns that the filter leaves, and how many cells have each state before the
 * filter by state. */
function filtered(matrix, {text, distro, states}) {
  const columns = matrix.distros.map((name, index) => ({name, index}))
    .filter(({name}) => !distro || name === distro);
  const counts = new Map();
  const wanted = text.trim().toLowerCase();
  const rows = matrix.rows.filter(({component, cells}) => {
    if (!component.toLowerCase().includes(wanted)) return false;
    let found = !states.length;
    for (const {index} of columns) {
      const state = cellState(cells[index]);
      counts.set(state, (counts.get(state) ?? 0) + 1);
      found ||= states.includes(state);
    }
    return found;
  });
  return {columns, rows, counts};
}

function Matrix({matrix, filter, channels, lines}) {
  const [chosen, setChosen] = useState(new Set());
  const key = [filter.text, filter.distro, filter.states.join(",")].join("|");
  const {columns, rows, counts} = useMemo(() => filtered(matrix, filter), [matrix, key]);
  const components = [...chosen].filter((name) => matrix.rows.some((row) => row.component === name));
  const choose = useCallback((name) => setChosen((old) => {
    const now = new Set(old);
    if (!now.delete(name)) now.add(name);
    return now;
  }), []);
  return h("div", null,
    h("div", {className: "farm-toolbar"},
      channels.length > 1 && h("label", null, "Channel ", h("select", {value: matrix.channel,
        onChange: (event) => filter.set("channel", event.target.value)},
        channels.map((name) => h("option", {key: name}, name)))),
      h("label", null, "Find ", h("input", {type: "search", value: filter.text,
        placeholder: "component", onChange: (event) => filter.set("text", event.target.value)})),
      matrix.distros.length > 1 && h("label", null, "Distro ", h("select", {value: filter.distro,
        onChange: (event) => filter.set("distro", event.target.value)},
        h("option", {value: ""}, "all"), matrix.distros.map((name) => h("option", {key: name}, name)))),
      h(ForceButton, {components, channel: matrix.channel,
        label: components.length ? `Build ${count(components.length, "component")} again…`
          : "Build again…"})),
    h("div", {className: "farm-chips", role: "group", "aria-label": "States"},
      ORDER.filter((state) => counts.get(state) || filter.states.includes(state)).map((state) =>
        h("button", {key: state, type: "button", className: "farm-chip",
          "aria-pressed": filter.states.includes(state), onClick: () => filter.toggle(state)},
          h(State, {state}), h("span", {className: "farm-chip-count"},
            (counts.get(state) ?? 0).toLocaleString("en")))),
      h("span", {className: "farm-note", role: "status"}, rows.length === matrix.rows.length
        ? count(rows.length, "component")
        : `${rows.length.toLocaleString("en")} of ${count(matrix.rows.length, "component")}`)),
    h(Table, {columns, rows, lines, chosen, choose, channel: matrix.channel}));
}

function Table({columns, rows, lines, chosen, choose, channel}) {
  const {box, first, last, onScroll} = useWindowed(rows.length, ROW_PX);
  const [held, setHeld] = useState(null);
  const line = (distro) => lines.find((one) => one.distro === distro);
  const width = columns.length + 1;
  return h("div", {className: "farm-matrix", ref: box, onScroll, tabIndex: 0, role: "region",
    "aria-label": "Components on distros"},
    h("table", {"aria-rowcount": rows.length + 1},
      h("thead", null, h("tr", {"aria-rowindex": 1},
        h("th", {scope: "col"}, "Component"),
        columns.map(({name}) => h("th", {key: name, scope: "col"},
          h("span", {className: "farm-column"}, h(Link, {to: generationAddress(channel, name)}, name),
            h(RebuildFailedButton, {channel, distro: name, failed: line(name)?.counts.failed ?? 0})))))),
      h("tbody", null,
        first > 0 && h("tr", {"aria-hidden": true}, h("td", {colSpan: width,
          style: {height: first * ROW_PX, padding: 0}})),
        rows.slice(first, last).map((row, at) => h(Row, {key: row.component, row, columns,
          at: first + at + 2, chosen: chosen.has(row.component), choose, setHeld})),
        last < rows.length && h("tr", {"aria-hidden": true}, h("td", {colSpan: width,
          style: {height: (rows.length - last) * ROW_PX, padding: 0}})))),
    !rows.length && h("p", {className: "farm-none-found"}, "No component is like that."),
    held && h(HeldBack, {...held, archive: line(held.distro)?.archive, onClose: () => setHeld(null)}));
}

/** A component's row; it is made anew only when something of it has changed. */
const Row = memo(function Row({row: {component, cells}, columns, at, chosen, choose, setHeld}) {
  return h("tr", {"aria-rowindex": at},
    h("th", {scope: "row"}, h("span", {className: "farm-row-head"},
      h("input", {type: "checkbox", checked: chosen, onChange: () => choose(component),
        "aria-label": `Choose ${component}`}),
      h(Link, {to: componentAddress(component), title: component}, component))),
    columns.map(({name, index}) => h("td", {key: name}, h(Cell, {cell: cells[index],
      onWhy: () => setHeld({component, distro: name, cell: cells[index]})}))));
});

function Cell({cell, onWhy}) {
  const state = cellState(cell);
  if (cell === null) return h("span", {className: "farm-cell"}, h(State, {state}));
  return h("div", {className: "farm-cell"},
    h("div", null, h(Cause, {cell, state, onWhy}), cell.next_generation && h("span", {
      className: "farm-note", title: "A newer commit waits for the next generation"}, "↑ newer")),
    h("div", {className: "farm-note"},
      h("span", {className: "farm-version", title: cell.version}, cell.version || "not published"),
      cell.since > 0 && h("span", null, h(Ago, {moment: cell.since, suffix: ""}))));
}

/** The state, leading to what it comes from: a log, what is waited for, why it is held back. */
function Cause({cell, state, onWhy}) {
  const badge = h(State, {state});
  if (state === "held-back") {
    return h("button", {type: "button", className: "farm-plain", title: cell.held_back,
      "aria-label": "held back: why?", onClick: onWhy}, badge);
  }
  if (cell.key) return h(Link, {to: buildAddress(cell.key)}, badge);
  const [first, ...more] = cell.waits_for;
  return h("span", null, badge, first && h("span", {className: "farm-note",
    title: `${stateOf(state).means}: ${cell.waits_for.join(", ")}`},
    state === "blocked" ? " by " : " for ", h(Link, {to: componentAddress(first)}, first),
    more.length ? " …" : ""));
}

/** Why a component is held back, and where to look further. */
function HeldBack({component, distro, cell, archive, onClose}) {
  return h(Dialog, {title: `${component} is held back on ${distro}`, onClose},
    h("p", {className: "farm-reason"}, cell.held_back),
    h("p", {className: "farm-note"}, `It is built, but publishing it would break the archive, which keeps `
      + `${cell.version || "no version of it"}.`),
    h("div", {className: "farm-buttons"},
      archive && h("a", {className: "farm-button", href: archive}, "Archive"),
      h(Link, {className: "farm-button", to: componentAddress(component)}, "Component"),
      h("button", {type: "button", className: "farm-main", onClick: onClose}, "Close")));
}
