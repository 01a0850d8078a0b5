// Buildbot loads this file by a plain script tag; everything else is modules.
import(new URL("index.js", document.currentScript.src).href);
