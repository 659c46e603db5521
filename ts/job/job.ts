// `stowage/job`: a data set made by many machines, as steps over a folder. Each step is a function of the
// files it reads: it may run anywhere, in any order that its inputs allow, repeatedly, and twice at once.

export {
  type AssignOptions,
  type AssignReport,
  assignPartition,
  streamSchema,
} from "./assign.js";
export { type CountReport, countPartition, type StepInput } from "./count.js";
export type { JobLoss, Partition, PartitionInput } from "./document.js";
export { type FinalizeOptions, type FinalizeReport, finalizeJob } from "./finalize.js";
export { type InitReport, initJob } from "./init.js";
export type { InitJobOptions } from "./options.js";
export { type JobPlanReport, planJob } from "./plan.js";
export { type RunJobOptions, type RunProgress, runJob } from "./run.js";
export { type JobStatus, jobStatus, type StepName, type StepStatus } from "./status.js";
export { type VerifiedShard, verifyShard } from "./verify.js";
export { type WriteOptions, type WrittenShard, writeGroup, writeShard } from "./write.js";
