/**
 * What a method reports beside its loss: `train/report/<name>` in a log. Figures and pages call it
 * the same.
 *
 * @module
 */

/** The start of a report's tag. */
export const REPORTS = "train/report/";

/** A measure of one of SLKD's own teachers. */
export interface SelfTeacherReport {
  /** The teacher's name: `SL-T 1`, or `fused` for all of them together. */
  readonly teacher: string;
  /** The measure's name in its task. */
  readonly measure: string;
}

/**
 * Reads the name of a report of SLKD: `self1_top1` is the first self-learning teacher's, `self_top1`
 * that of their fusion. `undefined` for other reports.
 */
export function selfTeacherReport(report: string): SelfTeacherReport | undefined {
  const [, number, measure] = report.match(/^self(\d*)_(.+)$/) ?? [];
  if (measure === undefined) return undefined;
  return { teacher: number === "" ? "fused" : `SL-T ${number}`, measure };
}

/** The spot whose share of samples is reported by SAKD. `undefined` for other reports. */
export function spotOfReport(report: string): string | undefined {
  return report.match(/^spot_(.+)$/)?.[1];
}
