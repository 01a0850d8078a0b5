// The pages, in the order of the menu. A page is one module; this is the only list of them.
import {h} from "./react.js";
import * as overview from "./overview.js";
import * as matrix from "./matrix.js";
import * as commit from "./commit.js";
import * as build from "./build.js";
import * as component from "./component.js";
import * as generation from "./generation.js";

/** Without a caption a page is not in the menu. */
const PAGES = [
  {route: "/farm", caption: "Overview", Page: overview.Page},
  {route: "/farm/matrix", caption: "Matrix", Page: matrix.Page},
  {route: "/farm/commit", caption: "Find a commit", Page: commit.Page},
  {route: "/farm/build/:key", Page: build.Page},
  {route: "/farm/component/:name", Page: component.Page},
  {route: "/farm/generation/:channel/:distro", Page: generation.Page},
];

const ICON = h("svg", {viewBox: "0 0 16 16", width: "1em", height: "1em", fill: "currentColor",
  "aria-hidden": true}, h("path", {d: "M8 1 1 6v9h5v-5h4v5h5V6z"}));

// Who comes without saying what for sees the farm's overview first; Buildbot's is one click away.
if (!window.location.hash) window.location.replace("#/farm");

window.BuildbotPluginSupport.buildbotSetupPlugin((registry) => {
  registry.registerMenuGroup({name: "farm", caption: "Farm", icon: ICON, order: 2, route: null,
    parentName: null});
  for (const [order, {route, caption, Page}] of PAGES.entries()) {
    if (caption) {
      registry.registerMenuGroup({name: `farm-${caption}`, parentName: "farm", caption, order,
        route});
    }
    registry.registerRoute({route, group: "farm", element: () => h(Page)});
  }
});
