// Cases computed by a reference program in another language; keys are in snake case.

import { readFileSync } from "node:fs";
import type { Entry } from "./rows-model.js";

interface Cases {
  tokens: number[][];
  collate: {
    name: string;
    packs: Entry[][];
    options: Record<string, unknown>;
    expected: Record<string, unknown>;
  }[];
  masks: { segment_ids: number[]; causal: boolean; expected: number[][] }[];
  unpad: { attention_mask: number[][]; expected: Record<string, unknown> }[];
}

export const cases = JSON.parse(
  readFileSync(new URL("data/collate_cases.json", import.meta.url), "utf8"),
) as Cases;

export const camel = (name: string): string =>
  name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
export const plain = (value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value;
