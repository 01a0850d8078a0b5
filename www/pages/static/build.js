// One build by its key: leads on to its page in Buildbot, with the logs, where that is still known.
import {h, Link, useEffect, useParams} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, componentAddress, Digits, PageFrame} from "./parts.js";
import {Ago, span} from "./times.js";
import {State} from "./states.js";
import {Failure} from "./failure.js";

export function Page() {
  const {key} = useParams();
  const answer = useAsk(`${FARM}builds/${encodeURIComponent(key)}`, {every: Infinity});
  // What failed is shown here, at the line of the log that says why.
  const page = answer.data?.failure ? null : answer.data?.page;
  useEffect(() => {
    // In place of this address: going back then leads to where the reader came from.
    if (page) window.location.replace(`#${page.split("#")[1]}`);
  }, [page]);
  const failed = answer.data?.failure && `${answer.data.component} failed on ${answer.data.distro}`;
  return h(PageFrame, {title: failed || "Build"}, h(Answer, {answer}, (build) =>
    build.failure ? h(Failure, {build})
      : page ? h("p", {className: "farm-loading"}, "Opening its log…") : h(Facts, {build})));
}

/** What the farm's own records say of a build that Buildbot has forgotten. */
function Facts({build}) {
  const rows = [
    ["Component", h(Link, {to: componentAddress(build.component)}, build.component)],
    ["Line", `${build.channel}/${build.distro}, generation ${build.generation}`],
    ["Outcome", h(State, {state: build.outcome})],
    ["Version", build.version || "none"],
    ["Why it was made", build.reasons.join("; ") || "not recorded"],
    ["What went wrong", [build.phase, build.message].filter(Boolean).join(": ") || "nothing"],
    ["Asked for", h(Ago, {moment: build.requested_at})],
    ["Duration", build.duration_s === null ? "not known" : span(build.duration_s)],
    ["Key", h(Digits, {value: build.key, length: 16})],
  ];
  return h("div", null,
    h("p", {className: "farm-note"}, "Buildbot does not have this build any more; this is what the "
      + "farm's own records say."),
    h("dl", {className: "farm-facts"}, rows.map(([name, value]) =>
      h("div", {key: name}, h("dt", null, name), h("dd", null, value)))));
}
