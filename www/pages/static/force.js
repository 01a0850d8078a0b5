// Having components built again: the buttons and their dialogs. They obey what the farm says the
// reader may do; who may not is told why, and where to log in.
import {h, Link, useState} from "./react.js";
import {FARM, tell, useAsk} from "./rest.js";
import {Answer, count, generationAddress, loginAddress} from "./parts.js";
import {Check, Dialog, Field, SendForm} from "./dialog.js";

/** Opens the form for some components.
 * @param {{components: string[], channel?: string, distros?: string[], label?: string}} props
 *   `channel` and `distros` are what the form begins with */
export function ForceButton({components, channel, distros, label = "Build again…"}) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return h("span", null,
    h("button", {type: "button", disabled: !components.length, onClick: () => setOpen(true)}, label),
    open && h(Dialog, {title: `Build ${named(components)} again`, onClose: close},
      h(Allowed, {onClose: close}, () =>
        h(ForceForm, {components, channel, distros, onClose: close}))));
}

/** Opens the form that builds again what failed on a line.
 * @param {{channel: string, distro: string, failed: number}} props */
export function RebuildFailedButton({channel, distro, failed}) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  if (!failed) return null;
  const line = `${channel}/${distro}`;
  return h("span", null,
    h("button", {type: "button", className: "farm-small", onClick: () => setOpen(true),
      "aria-label": `Rebuild what failed on ${line}…`}, "Rebuild failed…"),
    open && h(Dialog, {title: `Build again what failed on ${line}`, onClose: close},
      h(Allowed, {onClose: close}, () => h(RebuildForm, {channel, distro, failed, onClose: close}))));
}

function named(components) {
  return components.length === 1 ? components[0] : count(components.length, "component");
}

/** What a form shows to somebody who may use it, and why not to everybody else. */
function Allowed({onClose, children}) {
  const me = useAsk(`${FARM}me`, {every: Infinity});
  return h(Answer, {answer: me}, (who) => who.may.includes("force") ? children()
    : h("div", null, h("p", null, refusal(who)),
      h("div", {className: "farm-buttons"},
        h("button", {type: "button", onClick: onClose}, "Close"),
        who.login && !who.logged_in
          && h("a", {className: "farm-main farm-button", href: loginAddress()}, "Log in"))));
}

function refusal(who) {
  const who_may = "Building again is for developers, release managers and admins";
  if (!who.logged_in) return `${who_may}, and you are not logged in.`;
  return `${who_may}. You are logged in as ${who.name}, a ${who.role}: an admin of this farm can `
    + "give you that role.";
}

function ForceForm({components, channel, distros, onClose}) {
  const lines = useAsk(`${FARM}lines?kind=&limit=500`, {every: Infinity});
  return h(Answer, {answer: lines}, (data) =>
    h(ForceFields, {components, channel, distros, onClose, lines: data.lines}));
}

function ForceFields({components, channel, distros, onClose, lines}) {
  const channels = [...new Set(lines.map((line) => line.channel))];
  const [chosen, setChosen] = useState(channel ?? channels[0]);
  const offered = lines.filter((line) => line.channel === chosen).map((line) => line.distro);
  const [left, setLeft] = useState(() => new Set(distros && offered.filter((d) => !distros.includes(d))));
  const [dependents, setDependents] = useState(false);
  const [at, setAt] = useState("");
  const [reason, setReason] = useState("");
  const wanted = offered.filter((distro) => !left.has(distro));
  const toggle = (distro) => setLeft((old) => {
    const now = new Set(old);
    if (!now.delete(distro)) now.add(distro);
    return now;
  });
  const send = () => tell("force", {components, channel: chosen, distros: wanted, dependents,
    at: at.trim() || null, reason: reason.trim()});
  return h(SendForm, {action: "Build again", ready: wanted.length > 0 && reason.trim() !== "", send,
    onClose, done: (answer) => h(Asked, {answer})},
    components.length > 1 && h("p", {className: "farm-note"}, components.join(", ")),
    h(Field, {label: "Reason", hint: "Recorded with the builds."}, (id) => h("input", {id, required: true,
      autoFocus: true, maxLength: 500, value: reason,
      onChange: (event) => setReason(event.target.value)})),
    channels.length > 1 && h(Field, {label: "Channel"}, (id) => h("select", {id, value: chosen,
      onChange: (event) => setChosen(event.target.value)},
      channels.map((name) => h("option", {key: name}, name)))),
    h("fieldset", {className: "farm-field"}, h("legend", null, "Distros"),
      h("div", {className: "farm-checks"}, offered.map((distro) => h(Check, {key: distro,
        checked: !left.has(distro), onChange: () => toggle(distro)}, distro)))),
    h("div", {className: "farm-field"}, h(Check, {checked: dependents, onChange: setDependents},
      "Also everything that is built with it")),
    h(Field, {label: "Branch or commit", hint: "Empty: the newest commit of the channel."}, (id) =>
      h("input", {id, value: at, maxLength: 200, spellCheck: false, autoCapitalize: "none",
        onChange: (event) => setAt(event.target.value)})));
}

function RebuildForm({channel, distro, failed, onClose}) {
  const [reason, setReason] = useState("");
  const address = `lines/${encodeURIComponent(channel)}/${encodeURIComponent(distro)}/rebuild-failed`;
  return h(SendForm, {action: `Rebuild ${count(failed, "component")}`, onClose,
    send: () => tell(address, {reason: reason.trim()}), done: (answer) => h(Asked, {answer})},
    h(Field, {label: "Reason", hint: "Recorded with the builds; may be left empty."}, (id) =>
      h("input", {id, autoFocus: true, maxLength: 500, value: reason,
        onChange: (event) => setReason(event.target.value)})));
}

/** What was asked for, and where to watch it. */
function Asked({answer}) {
  const lines = Object.entries(answer.builds);
  const total = lines.reduce((sum, [, names]) => sum + names.length, 0);
  return h("div", null, h("p", null, `Asked for ${count(total, "build")}:`),
    h("ul", {className: "farm-list"}, lines.map(([distro, names]) => h("li", {key: distro},
      h(Link, {to: generationAddress(answer.channel, distro)}, `${answer.channel}/${distro}`),
      `: ${names.slice(0, 8).join(", ")}${names.length > 8 ? ` and ${names.length - 8} more` : ""}`))));
}
