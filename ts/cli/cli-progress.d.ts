// The part of cli-progress that is used here; the package brings no types.
declare module "cli-progress" {
  export interface Bar {
    start(total: number, done: number, payload: Record<string, string>): void;
    setTotal(total: number): void;
    update(done: number, payload: Record<string, string>): void;
    stop(): void;
  }
  export const SingleBar: new (options: {
    format: () => string;
    stream: NodeJS.WriteStream;
    hideCursor: boolean;
    clearOnComplete: boolean;
    fps: number;
  }) => Bar;
}
