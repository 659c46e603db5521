// `stowage/report`: the figures of a packing, and the page that shows them.

export type {
  CapacityTrial,
  LengthBin,
  OverlongLosses,
  PackBin,
  PackedSource,
  ReportData,
  ReportedOptions,
  ReportedPack,
  ReportedSources,
  ReportSource,
  StrategyTrial,
} from "./data.js";
export { reportData } from "./gather.js";
export type { ReportOptions } from "./options.js";
export { renderReport } from "./page.js";
export type { Reportable } from "./source.js";
