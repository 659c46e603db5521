// Who may import whom in TypeScript and JavaScript: `depcruise --config scripts/lint/imports.mjs`.
// Imports of types count like all others. Arrows point one way, in this order of the rooms:
//
//   base → packing → epoch → plan
//                  → stream
//                  → rows → dataset
//        → text         → dataset → job
//
// `index.ts` names what is public, and the command line, the report and the desk see no more than that:
// they import the package by its name. DESIGN.md says what lives in which room.

/** Each room of ts/ with the rooms that it may import besides itself. */
const rooms = {
  base: [],
  packing: ["base"],
  epoch: ["base", "packing"],
  plan: ["base", "packing", "epoch"],
  stream: ["base", "packing"],
  rows: ["base", "packing"],
  text: ["base"],
  dataset: ["base", "packing", "rows", "text"],
  job: ["base", "packing", "dataset"],
};

/** Private and generated; its types are ours. */
const native = "^native\\.(js|d\\.ts)$";

const orders = Object.entries(rooms).map(([room, others]) => ({
  name: `room-${room}`,
  comment: `ts/${room}/ imports ${["itself", ...others].join(", ")} and no other room`,
  severity: "error",
  from: { path: `^ts/${room}/` },
  to: { path: "^ts/", pathNot: `^ts/(${[room, ...others].join("|")})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circle",
      comment: "no file imports itself through others: what they share gets a file of its own",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "not-found",
      comment:
        "every import leads to a file or an installed package; examples/desk is a package of its own, whose types `npm run test:desk-example` checks",
      severity: "error",
      from: { pathNot: "^examples/desk/" },
      to: { couldNotResolve: true },
    },
    ...orders,
    {
      name: "no-other-room",
      comment: "a file of ts/ stands in a room that is listed in scripts/lint/imports.mjs",
      severity: "error",
      from: {
        path: "^ts/",
        pathNot: `^ts/(index\\.ts$|(${Object.keys(rooms).join("|")}|cli|report|desk)/)`,
      },
      to: {},
    },
    {
      name: "index-names-rooms",
      comment: "ts/index.ts names what the rooms have; it doesn't know the command line",
      severity: "error",
      from: { path: "^ts/index\\.ts$" },
      to: { pathNot: `^ts/(${Object.keys(rooms).join("|")})/` },
    },
    {
      name: "cli-public-only",
      comment:
        "the command line sees the public surface, and what a file is by its name and first bytes, of which its bundle holds a copy",
      severity: "error",
      from: { path: "^ts/cli/" },
      to: {
        path: "^(ts/|native|dist/)",
        pathNot:
          "^ts/(cli/|index\\.ts$|job/job\\.ts$|dataset/formats\\.ts$|report/(counts|kind|label)\\.ts$)",
      },
    },
    {
      name: "report-public-only",
      comment: "the report sees the public surface, by the package's name",
      severity: "error",
      from: { path: "^ts/report/" },
      to: { path: "^(ts/|native|dist/)", pathNot: "^ts/report/" },
    },
    {
      name: "desk-public-only",
      comment:
        "the desk sees the public surface, by the package's name, the pages of the report, and the list of formats",
      severity: "error",
      from: { path: "^ts/desk/" },
      to: { path: "^(ts/|native|dist/)", pathNot: "^ts/((desk|report)/|dataset/formats\\.ts$)" },
    },
    {
      name: "formats-import-nothing",
      comment: "the bundles of the command line and of the desk hold a copy of these",
      severity: "error",
      from: { path: "^ts/(dataset/formats|report/counts)\\.ts$" },
      to: {},
    },
    {
      name: "private-binding",
      comment: "only ts/ sees the native binding",
      severity: "error",
      from: { pathNot: "^(ts/|__test__/base/host\\.spec\\.ts$)" },
      to: { path: native },
    },
    {
      name: "no-run-time-package",
      comment:
        "the package needs no other at run time; those of the command line and of pages are bundled",
      severity: "error",
      from: { path: "^ts/", pathNot: "^ts/(cli|report|desk)/" },
      to: { dependencyTypesNot: ["core", "local"], pathNot: `${native}|^index\\.js$` },
    },
    {
      name: "own-name-for-types",
      comment:
        "of the package by its own name a room takes types alone: its declarations are to be those of users",
      severity: "error",
      from: { path: "^ts/", pathNot: "^ts/(cli|report|desk)/" },
      to: { path: "^index\\.js$", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "tests-see-the-package",
      comment:
        "specs, fixtures and models use the built package, not ts/; but for two functions of text that the bundle of the command line hides",
      severity: "error",
      from: { path: "^(__test__|benchmark|interop|examples)/" },
      to: { path: "^ts/", pathNot: "^ts/cli/(bar|spoken)\\.ts$" },
    },
    {
      name: "models-stand-alone",
      comment: "a model is an independent second program: it shares types with the package at most",
      severity: "error",
      from: { path: "^__test__/models/" },
      to: { path: "^(__test__/(?!models/)|index\\.js$|dist/)", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "specs-stand-alone",
      comment: "no file imports a spec",
      severity: "error",
      from: {},
      to: { path: "\\.spec\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^dist/", "^target/", native] },
    tsPreCompilationDeps: true,
    // As Node resolves names of packages: the examples import this one by its own.
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "default"],
    },
  },
};
