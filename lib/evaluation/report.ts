import { columns } from "../terminal/columns.ts";
import type { Examination } from "./examine.ts";
import type { Json } from "../values/json.ts";
import { joinBlocks } from "../values/markdown.ts";
import { formatThroughput } from "../values/numbers.ts";
import { formatMeasure, type Task } from "../tasks/task.ts";

/** Converts an examination to JSON. */
export function examinationJson(
  { images, findings: { score, details }, latency }: Examination,
): { readonly [name: string]: Json } {
  const { batch1, inBatches: { size, images_per_second } } = latency;
  return {
    images,
    ...score,
    ...details,
    // `batch1` already has the timing of batches of one.
    latency: { batch1: { ...batch1 }, ...size > 1 && { [`batch${size}`]: { images_per_second } } },
  };
}

/**
 * Formats an examination as text: score and latency, then the task's tables, in full if `whole`.
 */
export function examinationReport(
  { measures }: Task,
  { findings, latency }: Examination,
  whole: boolean,
): string {
  const { score, tables } = findings;
  const { batch1, inBatches } = latency;
  return joinBlocks([
    columns([
      ...Object.entries(score).map(([measure, value]) => [
        measures[measure].title,
        formatMeasure(measures[measure], value),
      ]),
      [
        "one image",
        `${batch1.median_ms.toFixed(2)} ms (95th percentile ${batch1.p95_ms.toFixed(2)} ms)`,
      ],
      [
        `in batches of ${inBatches.size}`,
        `${formatThroughput(inBatches.images_per_second)} images per second`,
      ],
    ], 2),
    ...tables(whole).map(({ rows, left }) => columns(rows, left)),
  ]);
}
