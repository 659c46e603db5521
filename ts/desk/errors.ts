// What a desk refuses, beside the errors of the library.

import { StowageError } from "stowage";

/** Codes of a desk's own refusals. */
export type DeskErrorCode =
  | "ERR_OUTSIDE" // a name leads out of the folder
  | "ERR_READ_ONLY" // the desk doesn't write
  | "ERR_SOURCE" // no source of that number is open
  | "ERR_JOB" // there is no such job
  | "ERR_CALL" // there is no such call
  | "ERR_SUPERSEDED" // a newer call for figures of the same source has come
  | "ERR_CANCELLED" // the job was cancelled, or the desk has ended
  | "ERR_HOST" // HTTP: the request names another host
  | "ERR_ORIGIN" // HTTP: it comes from another site
  | "ERR_TOKEN" // HTTP: the token is missing or another one
  | "ERR_TYPE" // HTTP: the body is of another type
  | "ERR_SIZE"; // HTTP: the body is too large

/** A refusal of the desk itself. */
export class DeskError extends Error {
  override readonly name = "DeskError";
  /** What was refused, for programs. */
  readonly code: DeskErrorCode;

  constructor(code: DeskErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** An error as a page is told it: never a stack. */
export interface DeskFault {
  /** Of {@link DeskErrorCode} or the library's `ErrorCode`. */
  code: string;
  message: string;
  /** Offending file, where there is one. */
  path?: string;
  /** Offending row of it, from 0. */
  row?: number;
  /** Of `ERR_COLUMN`: the columns that there are. */
  columns?: string[];
}

/** What a page is told of `error`. */
export function faultOf(error: unknown): DeskFault {
  if (error instanceof DeskError) return { code: error.code, message: error.message };
  if (!(error instanceof StowageError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: "ERR_INTERNAL", message };
  }
  const { code, message, path, row, columns } = error;
  return {
    ...{ code, message },
    ...(path !== undefined && { path }),
    ...(row !== undefined && { row }),
    ...(columns !== undefined && { columns: [...columns] }),
  };
}
