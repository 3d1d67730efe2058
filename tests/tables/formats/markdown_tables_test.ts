import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { kd } from "../../../lib/distillers/kd.ts";
import { experiment } from "../../../lib/experiment/experiment.ts";
import { weights } from "../../../lib/experiment/weights.ts";
import { resnet20, resnet8 } from "../../../lib/networks/resnet.ts";
import type { Outcome } from "../../../lib/project/outcome.ts";
import { escapeMarkdown } from "../../../lib/values/markdown.ts";
import { formatSpread } from "../../../lib/values/numbers.ts";
import { stream } from "../../../lib/values/random.ts";
import { summary } from "../../../lib/values/statistics.ts";
import {
  cellsOf,
  dataset,
  META,
  numbersIn,
  outcomeOf,
  PAPER_YAML,
  parseToyPaper,
  renderOwnTable,
  renderPaperTable,
  schedule,
  student,
  taught,
  teacher,
  unfold,
} from "../../support/toy_outcomes.ts";
import { accuracyOf, trial } from "../../support/trial.ts";

Deno.test("paper table: a cell has our mean, spread and n, the paper's number, the difference, and the other epoch", () => {
  const markdown = renderPaperTable({
    teacher: [outcomeOf(teacher, [trial(1, 74)])],
    kd: [outcomeOf(taught, [trial(1, 72), trial(2, 74)])],
    slkd: [outcomeOf(taught, [trial(1, 76)])],
  });
  const [header, t, s, kd, slkd, gain] = cellsOf(markdown);
  assertEquals(header[0], "ours, last (n)<br><sub>paper<sup>1</sup> · Δ<br>ours, best</sub>");
  assertEquals(header.slice(1), ["vgg13 →<br>vgg8", "resnet20 →<br>resnet8"]);
  assertEquals(t, [
    "teacher",
    "[74.00 (1)](a.ts)<br><sub>74.64 · −0.64<br>74.50</sub>",
    "—<br><sub>72.00</sub>",
  ]);
  assertEquals(s, ["S\\*", "—<br><sub>70.36</sub>", "—"]);
  assertEquals(kd[1], "[73.00 ± 1.41 (2)](a.ts)<br><sub>72.98 · +0.02<br>73.50 ± 1.41</sub>");
  assertEquals(kd[2], "—<br><sub>60.17 ± 0.10</sub>");
  assertEquals(slkd[1], "[**76.00 (1)**](a.ts)<br><sub>**75.01** · +0.99<br>76.50</sub>");
  assertEquals(gain, [
    "Δ slkd − kd",
    "+3.00<br><sub>+2.03 · +0.97<br>+3.00</sub>",
    "—<br><sub>−1.88</sub>",
  ]);
  assertStringIncludes(
    unfold(markdown),
    "<sup>1</sup> The paper does not say whether it took the last or the best epoch; the difference is to our last.",
  );
});

Deno.test("paper table: groups of columns stand below the header, each above its first column", () => {
  const yaml = PAPER_YAML.replace("student: vgg8 }", "student: vgg8, group: Old* }").replace(
    "student: resnet8 }",
    "student: resnet8, group: Old* }, { teacher: resnet20, student: vgg8, group: New }",
  ).replace(/values: \[(.*)\]/g, "values: [$1, null]");
  const [header, groups, first] = cellsOf(renderPaperTable({}, parseToyPaper(yaml)));
  assertEquals([header.length, groups, first[0]], [
    4,
    ["", "**Old\\***", "", "**New**"],
    "teacher",
  ]);
  assertEquals(cellsOf(renderPaperTable({}))[1][0], "teacher");
});

Deno.test("paper table: released logs stand below, the compared epoch first", () => {
  const logs = "logs: { best: [{ mean: 75.5, std: 0.2, n: 3 }, null], last: [75, null] }";
  const yaml = PAPER_YAML.replace("values: [75.01, 62.05]", `values: [75.01, 62.05], ${logs}`);
  const [header, , , , slkd] = cellsOf(
    renderPaperTable({ slkd: [outcomeOf(taught, [trial(1, 76)])] }, parseToyPaper(yaml)),
  );
  assertStringIncludes(header[0], "<br>ours, best<br>released logs</sub>");
  assertEquals(
    slkd[1],
    "[76.00 (1)](a.ts)<br><sub>**75.01** · +0.99<br>76.50<br>logs: last 75.00 · best 75.50 ± 0.20 (3)</sub>",
  );
  assertEquals(slkd[2], "—<br><sub>**62.05**</sub>");
  const alone = PAPER_YAML.replace("values: [75.01, 62.05]", `values: [null, 62.05], ${logs}`);
  const [, , , , unprinted] = cellsOf(renderPaperTable({}, parseToyPaper(alone)));
  assertStringIncludes(unprinted[1], "logs: last 75.00 · best 75.50 ± 0.20 (3)");
});

Deno.test("tables: stale and quick trials are never shown, a footnote counts them", () => {
  const stale = trial(1, 11.11, { declaration: "b".repeat(64), tensorflow: "0.0.1" });
  const quick = trial(2, 22.22, { quick: true });
  for (
    const [trials, number] of [[[stale, quick], "—"], [
      [stale, quick, trial(3, 72)],
      "72.00 (1)",
    ]] as const
  ) {
    const found = outcomeOf(taught, trials);
    for (const markdown of [renderPaperTable({ kd: [found] }), renderOwnTable([["kd", found]])]) {
      assertEquals(/11\.11|22\.22|11\.61|22\.72|0\.0\.1/.test(markdown), false, markdown);
      assertMatch(unfold(markdown), /Not shown: 1 stale \(.*\), 1 quick \(.*\)\./);
      assert(
        markdown.includes(`${number}](a.ts)<sup>2</sup>`) ||
          markdown.includes(`${number}<sup>1</sup>`),
        markdown,
      );
    }
  }
});

Deno.test("own table: networks, every measure, the best in bold, the settings", () => {
  const measured = (top1: number, kl: number) =>
    trial(1, top1, { metric: { ...trial(1, top1).metric, kl } });
  const markdown = renderOwnTable([
    ["teacher", outcomeOf(teacher, [trial(1, 80)])],
    ["scratch", outcomeOf(student, [trial(1, 70), trial(2, 72)])],
    ["kd", outcomeOf(taught, [measured(73, 0.5)])],
    ["slkd", outcomeOf(taught, [])],
  ]);
  assertEquals(cellsOf(markdown), [
    ["", "teacher", "student", "top-1, last (n)", "top-1, best", "top-5, last", "KL to teacher"],
    ["[teacher](a.ts)", "—", "vgg13", "80.00 (1)", "80.50", "90.00", "—"],
    ["[scratch](a.ts)", "—", "vgg8", "71.00 ± 1.41 (2)", "71.50 ± 1.41", "81.00 ± 1.41", "—"],
    ["[kd](a.ts)", "vgg13", "vgg8", "**73.00 (1)**", "**73.50**", "**83.00**", "0.50"],
    ["[slkd](a.ts)", "vgg13", "vgg8", "—", "—", "—", "—"],
  ]);
  assertMatch(
    unfold(markdown),
    /^- synthetic \(.*\); sgd \(epochs 2, batch 4, lr 0\.1, drops \(at 1, by 0\.1\), momentum 0\.9, weightDecay 0\.0005\)$/m,
  );
  assertStringIncludes(markdown, "- measured in float32 with TensorFlow 2.21.0, commit 0123456");
});

Deno.test("own table: a teacher with weights trained elsewhere has its network's name", () => {
  const loaded = experiment(META, {
    dataset,
    teacher: weights(resnet20, { file: "resnet20.pth" }),
    student: resnet8,
    distiller: kd(),
    schedule,
  });
  const [, row] = cellsOf(renderOwnTable([["kd", outcomeOf(loaded, [trial(1, 70)])]]));
  assertEquals(row.slice(0, 4), ["[kd](a.ts)", "resnet20", "resnet8", "70.00 (1)"]);
});

Deno.test("own table: paired differences stand below, over the seeds that both rows have", () => {
  const rows: [string, Outcome][] = [
    ["scratch", outcomeOf(student, [trial(1, 70), trial(2, 71)])],
    ["kd", outcomeOf(taught, [trial(1, 72), trial(2, 73.1), trial(3, 99)])],
    ["hot_kd", outcomeOf(taught, [trial(2, 70)])],
  ];
  assert(!renderOwnTable(rows).includes("Paired"));
  assert(!renderOwnTable(rows.slice(0, 1), ["scratch"]).includes("Paired"));
  const markdown = renderOwnTable(rows, ["scratch"]);
  const [, grid] = markdown.split("**Paired differences**");
  assertEquals(cellsOf(grid), [
    ["", "Δ top-1, last", "95 % interval", "seeds", "verdict"],
    ["kd − scratch", "+2.05", "+1.41 … +2.69", "2", "better"],
    ["hot_kd − scratch", "−1.00", "—", "1", "one seed"],
  ]);
  assert(markdown.indexOf("**Paired differences**") < markdown.indexOf("**Settings**"));
});

Deno.test("property: every number of a table comes from the results or the paper, and reads back", () => {
  const random = stream(7, "tables");
  const { tables: [table] } = parseToyPaper();
  for (let round = 0; round < 30; round++) {
    const outcomes: Record<string, Outcome[]> = {};
    const seen = new Map<string, number[][]>();
    for (const method of ["teacher", "student", "kd", "slkd"]) {
      const trialsByColumn = table.columns.map(() =>
        Array.from(
          { length: random.below(4) },
          (_, seed) => trial(seed, Math.round(random.uniform() * 8000) / 100),
        )
      );
      outcomes[method] = trialsByColumn.map((trials) => outcomeOf(taught, trials));
      seen.set(method, trialsByColumn.map((trials) => trials.map((one) => accuracyOf(one).last)));
    }
    const cells = new Map(
      cellsOf(renderPaperTable(outcomes)).map(([label, ...row]) => [label, row]),
    );
    for (const row of table.rows.filter(({ delta }) => !delta)) {
      table.columns.forEach((_, i) => {
        const values = seen.get(row.method)![i];
        const printed = row.values[i];
        const [ours, below = ""] = cells.get(escapeMarkdown(row.printed ?? row.method))![i].split(
          "<br><sub>",
        );
        const own = summary(values);
        assertEquals(numbersIn(ours), own ? numbersIn(formatSpread(own)) : []);
        if (own) {
          assert(
            Math.abs(numbersIn(ours)[0] - values.reduce((a, b) => a + b) / values.length) <=
              0.005 + 1e-9,
          );
        }
        const [paper, difference] = numbersIn(below.split("<br>")[0].replace(/ ± \S+/, ""));
        assertEquals(paper, printed?.mean);
        if (own && printed) {
          assert(Math.abs(difference - (numbersIn(ours)[0] - printed.mean)) < 1e-9);
        }
        if (own) {
          assertEquals(numbersIn(below.split("<br>")[1])[0], Number((own.mean + 0.5).toFixed(2)));
        }
      });
    }
  }
});
