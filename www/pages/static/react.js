// What Buildbot's page brings along: React, its router, and Buildbot's own parts.
export const {Fragment, createElement: h, memo, useCallback, useEffect, useId, useMemo, useRef, useState} =
  window.React;
export const {Link, useNavigate, useParams, useSearchParams} = window.ReactRouterDOM;
export const {useTopbarItems} = window.BuildbotUi;
