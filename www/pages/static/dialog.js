// Dialogs: the browser's own, which keep the focus inside and close with Escape.
import {h, useEffect, useId, useRef, useState} from "./react.js";
import {ErrorBox} from "./parts.js";

/** A dialog that is open as long as it is rendered. `onClose` is told when the reader closes it.
 * @param {{title: string, onClose: () => void, children?: any}} props */
export function Dialog({title, onClose, children}) {
  const box = useRef(null);
  const name = useId();
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.focus?.();
  }, []);
  return h("dialog", {ref: box, className: "farm-dialog", "aria-labelledby": name,
    onClose, onCancel: onClose}, h("h2", {id: name}, title), children);
}

/** A labelled field. `children` is a function of the id that its control has to have.
 * @param {{label: string, hint?: string, children: (id: string) => any}} props */
export function Field({label, hint, children}) {
  const id = useId();
  return h("div", {className: "farm-field"}, h("label", {htmlFor: id}, label), children(id),
    hint && h("p", {className: "farm-note"}, hint));
}

/** A check box with its words.
 * @param {{checked: boolean, onChange: (on: boolean) => void, children: any}} props */
export function Check({checked, onChange, children}) {
  return h("label", {className: "farm-check"}, h("input", {type: "checkbox", checked,
    onChange: (event) => onChange(event.target.checked)}), children);
}

/** A form that tells the farm something. `send` answers a promise; `done` shows what came of it.
 * @param {{action: string, ready?: boolean, send: () => Promise<any>, onClose: () => void,
 *   done: (answer: any) => any, children?: any}} props */
export function SendForm({action, ready = true, send, onClose, done, children}) {
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    setState({busy: true});
    try {
      setState({answer: await send()});
    } catch (problem) {
      setState({problem});
    }
  };
  if (state.answer) {
    return h("div", null, h("div", {role: "status"}, done(state.answer)),
      h("div", {className: "farm-buttons"},
        h("button", {type: "button", className: "farm-main", onClick: onClose, autoFocus: true},
          "Close")));
  }
  return h("form", {onSubmit: submit}, children, h(ErrorBox, {problem: state.problem}),
    h("div", {className: "farm-buttons"},
      h("button", {type: "button", onClick: onClose}, "Cancel"),
      h("button", {type: "submit", className: "farm-main", disabled: !ready || state.busy},
        state.busy ? "Asking…" : action)));
}
