import { assertEquals } from "@std/assert";
import { decode } from "fast-png";
import { mistakesSection } from "../../lib/report/mistakes_section.ts";
import type { Mistakes } from "../../lib/report/report.ts";
import { colourScale } from "../../lib/figures/pixels.ts";
import { reportedRun } from "../support/reported_run.ts";

/** A matrix of so many classes whose first row is this one. */
const matrixOf = (classes: number, row: readonly number[]) =>
  Array.from(
    { length: classes },
    (_, i) => Array.from({ length: classes }, (_, j) => i === 0 ? row[j] ?? 0 : 0),
  );

const mistakes = (classes: number, row: readonly number[], pictures: readonly string[] = []) => ({
  classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
  matrix: matrixOf(classes, row),
  worst: pictures.map((picture, index) => ({ index, label: 0, taken: 1, probability: 1, picture })),
});

const markup = (...found: readonly Mistakes[]) =>
  String(
    mistakesSection(found.map((mistakes, i) => ({ ...reportedRun(`${i}`, 1), mistakes }))),
  );

/** Of 1,000 images 1, 10, 111, 250 and the rest. */
const ROW = [1, 10, 111, 250, 628];

Deno.test("mistakes: a printed and a painted matrix have the square root of the share as shade", () => {
  const shades = [...markup(mistakes(5, ROW)).matchAll(/class="shade-(\d+)"/g)];
  const printed = shades.slice(0, 5).map(([, shade]) => Number(shade));
  assertEquals(printed, ROW.map((count) => Math.ceil(9 * Math.sqrt(count / 1000))));
  assertEquals(new Set(printed).size, 4, "few mistakes can be told from some");
  const [, base64] = markup(mistakes(25, ROW)).match(/src="data:image\/png;base64,([^"]*)"/)!;
  const { data } = decode(Uint8Array.fromBase64(base64));
  const scale = colourScale("purplebluegreen");
  assertEquals(
    Array.from(data.subarray(0, 3 * ROW.length)),
    ROW.flatMap((count) => [...scale(Math.sqrt(count / 1000))]),
  );
});

Deno.test("mistakes: many runs with large pictures show fewer of each", () => {
  const shown = (runs: number, size: number) => {
    const one = mistakes(2, [1, 1], Array.from({ length: 8 }, () => "p".repeat(size)));
    return markup(...Array.from({ length: runs }, () => one)).match(/<figure>/g)?.length ?? 0;
  };
  assertEquals(shown(6, 16_000), 6 * 8);
  assertEquals(shown(12, 16_000), 12 * 4);
  assertEquals(shown(12, 4_000), 12 * 8);
});
