import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Colour, pngAddress } from "../../lib/figures/pixels.ts";
import { chartData } from "../../lib/report/chart_data.ts";
import { page } from "../../lib/report/page.ts";
import { hinted, reportedRun } from "../support/reported_run.ts";
import { large, small } from "../support/toy.ts";

Deno.test("chart data: values by tag, null where an epoch lacks one, with titles", () => {
  const { runs: [first], tags, stride } = chartData([reportedRun("a", 3)]);
  assertEquals(stride, 1);
  assertEquals(first.epochs, [1, 2, 3]);
  assertEquals(first.values["train/loss"], [0.33333, 0.16667, 0.11111]);
  assertEquals(first.values["train/loss/kd"], [null, 1, 2]);
  assertEquals(Object.fromEntries(tags), {
    "train/loss": "loss",
    "test/top1": "top-1, test (%)",
    "train/loss/kd": "loss: kd",
  });
});

Deno.test("chart data: settings by path, a part without options by its name", () => {
  const { runs: [{ settings: a }, { settings: b }] } = chartData([
    reportedRun("a", 1),
    reportedRun("b", 1, hinted),
  ]);
  assertEquals(a["student"], small.id);
  assertEquals(a["teachers[0].experiment.student"], large.id);
  assertEquals(a["schedule.epochs"], "3");
  assertEquals([a["distiller"], b["distiller"]], ["kd", "fitnets"]);
  assertEquals([a["distiller.guided"], b["distiller.guided"]], [undefined, "block1"]);
});

Deno.test("chart data: shares that methods report are percentages", () => {
  const log = [{ "epoch": 1, "train/report/spot_block2": 0.123456 }];
  const { runs: [{ values }], tags } = chartData([{ ...reportedRun("sakd", 1), log }]);
  assertEquals(values, { "train/report/spot_block2": [12.346] });
  assertEquals(tags, [["train/report/spot_block2", "samples distilled: block2 (%)"]]);
});

Deno.test("chart data: as many epochs as there is room for, and two at least", () => {
  const runs = Array.from({ length: 5 }, (_, i) => reportedRun(`${i}`, 301));
  const length = (room?: number) => JSON.stringify(chartData(runs, room)).length;
  const all = length();
  for (const room of [all, all - 1, all / 2, all / 3]) {
    assert(length(room) <= room, `${length(room)} of ${room}`);
    assert(length(room) > 0.6 * room, `${length(room)} of ${room}`);
  }
  for (const room of [1, 0, -1]) assertEquals(chartData(runs, room).runs[0].epochs, [1, 301]);
});

Deno.test("chart data: long logs are thinned evenly, and keep their last epoch", () => {
  const { runs: [first], stride } = chartData(
    Array.from({ length: 300 }, (_, i) => reportedRun(`${i}`, 301)),
  );
  assertEquals(stride, 4);
  assertEquals(first.epochs.slice(0, 3), [1, 5, 9]);
  assertEquals(first.epochs.at(-1), 301);
});

Deno.test("page: it holds all it needs, and its policy allows its scripts alone", async () => {
  const { html, policy } = await page({
    title: "<T> & co",
    tables: [],
    runs: [reportedRun("a", 3)],
  });
  assertStringIncludes(html, "<title>&#60;T&#62; &#38; co</title>");
  assertMatch(policy, /^default-src 'none'; img-src data:; style-src 'sha256-/);
  assertEquals(policy.includes("unsafe"), false);
  assertEquals(
    [...html.matchAll(/ (?:src|href)="([^"]*)"/g)].map(([, address]) => address)
      .filter((address) => !/^(?:#|data:)/.test(address)),
    [],
  );
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text);
  assertEquals(scripts.length, 2);
  for (const text of scripts) {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    assertStringIncludes(policy, `'sha256-${new Uint8Array(bytes).toBase64()}'`);
  }
  assert(!/\sstyle=|\son[a-z]+="/.test(html.replace(/<script.*?<\/script>/gs, "")));
});

Deno.test("page: sections without content are left out", async () => {
  const { html } = await page({
    title: "T",
    tables: [],
    runs: [{ ...reportedRun("a", 0), teachers: [] }],
  });
  for (const id of ["tables", "settings", "lineage", "mistakes", "cards"]) {
    assertEquals(html.includes(`<section id="${id}"`), false, id);
  }
  assertStringIncludes(html, "No run has a log here");
});

Deno.test("page: of a thousand classes the matrix is a small picture", async () => {
  const row = (i: number) => Array.from({ length: 1000 }, (_, j) => i === j ? 50 : 0);
  const mistakes = {
    classes: Array.from({ length: 1000 }, (_, i) => `class ${i}`),
    matrix: Array.from({ length: 1000 }, (_, i) => row(i)),
    worst: [],
  };
  const report = { title: "T", tables: [], runs: [{ ...reportedRun("a", 3), mistakes }] };
  const { html } = await page(report);
  assertStringIncludes(html, "a row is a class, 5 to a pixel,");
  assert(html.length < 200_000, `${html.length}`);
});

/** Numbers from 0 to 1 that no compression finds a pattern in. */
const noise = (i: number): number => Math.abs(Math.sin(i) * 43758.5453) % 1;

Deno.test("page: the fullest one is below 2 MB", async () => {
  const classes = Array.from({ length: 200 }, (_, i) => `class ${i}`);
  const matrix = classes.map((_, i) =>
    classes.map((_, j) => i === j ? 30 : noise(200 * i + j) < 0.1 ? 1 : 0)
  );
  const side = 64;
  const byte = (i: number) => Math.floor(256 * noise(i));
  const picture = (image: number) => {
    const at = (i: number) => 3 * (side ** 2 * image + i);
    const colours = Array.from({ length: side ** 2 }, (_, i): Colour => [
      ...[byte(at(i)), byte(at(i) + 1), byte(at(i) + 2)] as const,
    ]);
    return pngAddress(colours, side);
  };
  const worst = Array.from({ length: 8 }, (_, index) => ({
    ...{ index, label: 0, taken: 1, probability: 1, picture: picture(index) },
  }));
  const log = (run: number) =>
    Array.from({ length: 240 }, (_, i) => ({
      epoch: i + 1,
      ...Object.fromEntries(
        Array.from({ length: 14 }, (_, t) => [
          `train/loss/t${t}`,
          noise(14 * (240 * run + i) + t),
        ]),
      ),
    }));
  const runs = Array.from({ length: 40 }, (_, i) => ({
    ...{ ...reportedRun(`run ${i}`, 240), log: log(i) },
    ...i < 12 && { mistakes: { classes, matrix, worst }, card: "A line of a card.\n".repeat(300) },
  }));
  const { html } = await page({ title: "T", tables: [], runs });
  const { length } = new TextEncoder().encode(html);
  assert(length < 2_000_000, `${length}`);
  assert(length > 1_500_000, "the room is used");
  assertEquals(html.match(/alt="test image/g)?.length, 12 * 4);
  const [, json] = html.match(/id="data">(.*?)<\/script>/s)!;
  const { stride } = JSON.parse(json);
  assertEquals(stride, 2);
});

Deno.test("page: equal reports give equal bytes", async () => {
  const report = () => ({ title: "T", tables: ["## A"], runs: [reportedRun("a", 3)] });
  assertEquals(await page(report()), await page(report()));
});
