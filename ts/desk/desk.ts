// `stowage/desk`: packing at a table of one's own. The core without transport, its page, and HTTP for one machine.

export type { ReportData } from "stowage/report";
export type {
  Desk,
  DeskFigures,
  DeskListing,
  DeskOptions,
  DeskPackOptions,
  DeskSource,
  DeskVerifyOptions,
} from "./core.js";
export { callDesk, createDesk } from "./core.js";
export { DeskError, type DeskErrorCode, type DeskFault, faultOf } from "./errors.js";
export { type ServedDesk, type ServeOptions, serveDesk } from "./http.js";
export type { Job, JobEntry, JobEvent } from "./jobs.js";
export type { DeskFile } from "./listing.js";
export { type DeskPage, deskPage } from "./page.js";
export type { FigureOptions } from "./sources.js";
