// A build that failed: the first error of its log, what to do about it, and the log at that line.
import {h, Link, useEffect, useMemo, useRef, useSearchParams, useState} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Commit, componentAddress, ErrorBox, generationAddress, Panel, sentence} from "./parts.js";
import {Ago, span} from "./times.js";
import {State} from "./states.js";
import {ForceButton} from "./force.js";

const BEFORE = 15;
const AT_ONCE = 60;
const MOST = 1000;

const KINDS = {
  compiler: "Compiler", linker: "Linker", configure: "Configure", packaging: "Packaging",
  dependency: "Build dependency", test: "Test", tool: "Missing program or file", disk: "Disk",
  memory: "Memory", timeout: "Time limit", network: "Network", command: "Command",
};

/** What is to be said of a failed build. @param {{build: any}} props */
export function Failure({build}) {
  const {failure} = build;
  return h("div", null,
    h("div", {className: "farm-verdict", role: "status"},
      h("p", {className: "farm-verdict-kind"}, h(State, {state: "failed"}), " ",
        `${KINDS[failure.kind] ?? failure.kind}, in phase “${build.phase}”, line `,
        failure.line.toLocaleString("en"), " of the log"),
      h("p", {className: "farm-verdict-message"}, failure.message),
      failure.hint && h("p", null, failure.hint),
      build.passed_later && h("p", null, "It failed by chance: ",
        h(Link, {to: `/farm/build/${build.passed_later}`}, "a later build of the same inputs"),
        " did not fail.")),
    h(Tests, {tests: failure.tests}),
    h(Log, {build}),
    h(About, {build}));
}

function Tests({tests}) {
  if (!tests.length) return null;
  return h(Panel, {title: "Failed tests"},
    h("ul", {className: "farm-list farm-mono"}, tests.map((name) => h("li", {key: name}, name))));
}

/** The log around a line, which the address may name: `?line=12`. */
function Log({build}) {
  const [query, setQuery] = useSearchParams();
  const asked = Number(query.get("line"));
  const line = Number.isInteger(asked) && asked > 0 ? asked : build.failure.line;
  const [shown, setShown] = useState({before: BEFORE, after: AT_ONCE - BEFORE});
  const first = Math.max(1, line - shown.before);
  const lines = Math.min(MOST, line - first + shown.after);
  const answer = useAsk(`${FARM}builds/${build.key}/log?first=${first}&lines=${lines}`,
    {every: Infinity});
  // While more of it is on its way, what is there stays.
  const last = useRef(null);
  if (answer.data) last.current = answer.data;
  const part = last.current ?? (answer.problem && kept(build.failure));
  const mark = useRef(null);
  const there = Boolean(part);
  useEffect(() => {
    const box = mark.current?.closest(".farm-log");
    if (box) box.scrollTop = mark.current.offsetTop - box.clientHeight / 3;
  }, [there, line]);
  const more = (change) => setShown((old) => ({...old, ...change(old)}));
  const full = shown.before + shown.after >= MOST;
  return h(Panel, {title: "Log", note: part && h(LogNote, {part, page: build.failure.log})},
    answer.problem && h("p", {className: "farm-note"}, `${sentence(answer.problem.message)} `
      + "These lines were kept with the build."),
    !part ? h("p", {className: "farm-loading", "aria-busy": true}, "Reading the log…")
      : h("div", null,
        h("div", {className: "farm-log farm-scroll", tabIndex: 0, role: "region", "aria-label": "Lines of the log"},
          h("ol", {start: part.first}, part.lines.map((text, index) => {
            const number = part.first + index;
            const here = number === line;
            return h("li", {key: number, ref: here ? mark : null, className: here ? "farm-here" : null,
              "aria-current": here ? "true" : null},
              h("a", {href: `#/farm/build/${build.key}?line=${number}`, tabIndex: here ? 0 : -1,
                "aria-label": `Line ${number}`, onClick: (event) => {
                  event.preventDefault();
                  setQuery({line: String(number)}, {replace: true});
                }}, number), h("code", null, text || " "));
          }))),
        !answer.problem && h("div", {className: "farm-row"},
          h("button", {type: "button", disabled: first === 1 || full,
            onClick: () => more((old) => ({before: old.before + 200}))}, "Earlier lines"),
          h("button", {type: "button", disabled: part.first + part.lines.length > part.total || full,
            onClick: () => more((old) => ({after: old.after + 200}))}, "Later lines"),
          line !== build.failure.line && h("button", {type: "button",
            onClick: () => setQuery({}, {replace: true})}, "To the first error"))));
}

function LogNote({part, page}) {
  const end = part.first + part.lines.length - 1;
  return h("span", null, `lines ${part.first.toLocaleString("en")} to ${end.toLocaleString("en")}`,
    part.total ? ` of ${part.total.toLocaleString("en")}` : "", page && [" · ",
      h("a", {key: "all", href: page}, "the whole log")]);
}

const kept = (failure) => ({first: failure.context_line, total: 0, lines: failure.context});

function About({build}) {
  const component = useAsk(`${FARM}components/${encodeURIComponent(build.component)}`
    + `?channel=${encodeURIComponent(build.channel)}&builds=0`, {every: Infinity});
  const line = component.data?.lines.find((one) =>
    one.channel === build.channel && one.distro === build.distro);
  const broken = line?.broken;
  const rows = [
    ["Component", h(Link, {to: componentAddress(build.component)}, build.component)],
    ["Line", [h(Link, {key: "line", to: generationAddress(build.channel, build.distro)},
      `${build.channel}/${build.distro}`), `, generation ${build.generation}`]],
    ["Commit", h(Commit, {commit: build.commit})],
    broken && ["Since", h(Since, {broken, key_: build.key})],
    ["Why it was built", build.reasons.join("; ") || "not recorded"],
    ["When", [h(Ago, {key: "when", moment: build.finished_at}), build.duration_s === null ? ""
      : `, after ${span(build.duration_s)}`]],
    ["In Buildbot", build.page ? h("a", {href: build.page}, "steps and properties") : "not there any more"],
    ["On your machine", h(Like, {build})],
  ].filter(Boolean);
  return h(Panel, {title: "About this build"},
    component.problem && h(ErrorBox, {problem: component.problem}),
    h("dl", {className: "farm-facts"}, rows.map(([name, value]) =>
      h("div", {key: name}, h("dt", null, name), h("dd", null, value)))),
    h(ForceButton, {components: [build.component], channel: build.channel, distros: [build.distro]}));
}

/** Between which commits a component broke. @param {{broken: any, key_?: string}} props */
export function Since({broken, key_}) {
  const failed = broken.failed === 1 ? "" : `, ${broken.failed} builds failed since`;
  if (!broken.good_commit) return h("span", null, "it has never built here", failed);
  const first = broken.bad_key === key_ ? "this build" : h(Link, {to: `/farm/build/${broken.bad_key}`},
    "the first that failed");
  if (!broken.own) {
    return h("span", null, "broke without a commit of its own (", broken.reasons.join("; "), "): ", first,
      failed);
  }
  return h("span", null, "broke between ", h(Commit, {commit: broken.good_commit}), " (built) and ",
    h(Commit, {commit: broken.bad_commit}), " (", first, ")", failed);
}

function Like({build}) {
  const [copied, setCopied] = useState("");
  const base = useMemo(() => window.location.href.split("#")[0], []);
  const command = `sudo farm build --like ${build.key.slice(0, 12)} --farm ${base}`;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      setCopied("copied");
    } catch {
      setCopied("select it by hand: this browser does not let pages copy");
    }
  };
  return h("span", null, h("code", null, command), " ",
    h("button", {type: "button", className: "farm-small", onClick: copy}, "Copy"), " ",
    h("span", {className: "farm-note", "aria-live": "polite"}, copied));
}
