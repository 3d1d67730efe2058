import { columns } from "./columns.ts";
import { stack } from "./markdown.ts";
import type { ClassScore, Examination } from "./examine.ts";

/** How many classes are all shown. */
const FEW = 20;
/** How many of the best and the worst classes, and of the confusions, are shown. */
const SOME = 10;

/**
 * An examination as text: accuracy and latency, the classes (where they are more than 20 the 10 best and the 10 worst), the
 * 10 most frequent confusions or, instead of these, the `whole` matrix.
 */
export function report(examined: Examination, whole: boolean): string {
  const { top1, top5, latency: { batch1, batch250 }, perClass } = examined;
  const reached = perClass.filter(({ top1 }) => top1 !== null).sort((a, b) => b.top1! - a.top1!);
  return stack([
    columns([
      ["top-1", percent(top1)],
      ["top-5", percent(top5)],
      ["one image", `${batch1.median_ms.toFixed(2)} ms (95th percentile ${batch1.p95_ms.toFixed(2)} ms)`],
      ["in batches of 250", `${batch250.images_per_second.toFixed(0)} images per second`],
    ], 2),
    ...perClass.length <= FEW ? [classes("class", perClass)] : [
      classes(`best ${SOME} classes`, reached.slice(0, SOME)),
      classes(`worst ${SOME} classes`, reached.slice(-SOME).reverse()),
    ],
    whole ? matrix(examined) : confusions(examined),
  ]);
}

function classes(title: string, rows: readonly ClassScore[]): string {
  return columns([
    [title, "images", "top-1"],
    ...rows.map(({ class: name, images, top1 }) => [name, String(images), top1 === null ? "–" : percent(top1)]),
  ]);
}

/** The most frequent confusions; empty where there are none. */
function confusions({ perClass, confusion }: Examination): string {
  const pairs = confusion.flatMap((row, label) =>
    row.map((images, other) => ({ label, other, images })).filter(({ other, images }) => other !== label && images > 0)
  ).sort((a, b) => b.images - a.images).slice(0, SOME);
  if (pairs.length === 0) return "";
  return columns([
    ["most frequent confusions", "taken for", "images"],
    ...pairs.map(({ label, other, images }) => [perClass[label].class, perClass[other].class, String(images)]),
  ], 2);
}

/** The matrix, its columns numbered like its rows. */
function matrix({ perClass, confusion }: Examination): string {
  return columns([
    ["", "class \\ taken for", ...confusion.map((_, i) => String(i))],
    ...confusion.map((row, i) => [String(i), perClass[i].class, ...row.map(String)]),
  ], 2);
}

const percent = (value: number): string => value.toFixed(2);
