import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { mixup } from "../../lib/data/mix.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { isTables, tables } from "../../lib/experiment/tables.ts";
import { weights } from "../../lib/experiment/weights.ts";
import * as deep from "../../lib/networks/deep_resnet.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { type Outcome, sortTrials } from "../../lib/project/outcome.ts";
import type { Trial } from "../../lib/project/result.ts";
import { cellAt, checkCells, checkColumns } from "../../lib/tables/cells.ts";
import { footnotes } from "../../lib/tables/formats/footnotes.ts";
import { ownTable, paperTable } from "../../lib/tables/formats/markdown_tables.ts";
import { replaceSections } from "../../lib/tables/formats/readme.ts";
import { type Paper, parsePaper } from "../../lib/tables/paper.ts";
import { markBest } from "../../lib/tables/printed.ts";
import { Failure } from "../../lib/values/failure.ts";
import { escapeMarkdown, grid, link } from "../../lib/values/markdown.ts";
import { formatFixed, formatSigned, formatSpread, round } from "../../lib/values/numbers.ts";
import { stream } from "../../lib/values/random.ts";
import { summary } from "../../lib/values/statistics.ts";
import { accuracyOf, trial } from "../support/trial.ts";

const HASH = "a".repeat(64);
const own = { url: "file:///p/a.ts" };
const dataset = synthetic();
const schedule = sgd({ epochs: 2, batch: 4, lr: 0.1, drops: { at: [1], by: 0.1 } });
const teacher = experiment(own, { dataset, student: vgg13, distiller: scratch(), schedule });
const student = experiment(own, { dataset, student: vgg8, distiller: scratch(), schedule });
const taught = experiment(own, {
  dataset,
  teacher: from(teacher),
  student: vgg8,
  distiller: kd(),
  schedule,
});
const other = experiment(own, {
  dataset,
  teacher: from(student),
  student: resnet8,
  distiller: kd(),
  schedule,
});

const outcome = (experiment: Experiment, trials: readonly Trial[]): Outcome => ({
  experiment,
  path: "a.ts",
  ...sortTrials(trials, HASH),
});

const YAML = `
paper: { title: "A_*", authors: [A, B], venue: V, year: 2020 }
tables:
  - id: t1
    title: One
    metric: top1
    columns: [{ teacher: vgg13, student: vgg8 }, { teacher: resnet20, student: resnet8 }]
    rows:
      - { method: teacher, values: [74.64, 72] }
      - { method: student, printed: S*, values: [70.36, null] }
      - { method: kd, values: [72.98, { mean: 60.17, std: 0.1 }] }
      - { method: slkd, values: [75.01, 62.05] }
      - { method: gain, kind: delta, of: slkd, over: kd, values: [2.03, -1.88] }
`;
const paper = (yaml = YAML): Paper => parsePaper(yaml, "paper.yaml");

/** The cells of a markdown table, from the header on, without the rule. */
function cellsOf(markdown: string): string[][] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("| "));
  return lines.filter((_, i) => i !== 1).map((line) =>
    line.slice(2, -2).split(" | ").map((cell) => cell.trim())
  );
}

/** The numbers that a cell shows, footnote marks left out. */
const numbers = (cell: string): number[] =>
  [
    ...cell.replace(/<sup>\d+<\/sup>|\]\([^)]*\)/g, "").replaceAll("−", "-").matchAll(
      /[-+]?\d+(\.\d+)?/g,
    ),
  ].map((
    [one],
  ) => Number(one));

/** A text with every list item in one line. */
const unfolded = (markdown: string): string => markdown.replace(/\n {2}/g, " ");

const render = (
  outcomes: Record<string, readonly (Outcome | undefined)[]>,
  { tables: [table] } = paper(),
): string =>
  paperTable(table, (row, column) => outcomes[row.method]?.[table.columns.indexOf(column)]);

Deno.test("summary: mean, sample standard deviation and n", () => {
  assertEquals(summary([]), undefined);
  assertEquals(summary([70]), { mean: 70, n: 1 });
  const { mean, std, n } = summary([2, 4, 4, 4, 5, 5, 7, 9])!;
  assertEquals([mean, n], [5, 8]);
  assert(Math.abs(std! - Math.sqrt(32 / 7)) < 1e-12);
});

Deno.test("summary: printed with two decimals, signs and no negative zero", () => {
  assertEquals([formatFixed(74.8), formatFixed(-0.205), formatFixed(-0.001), formatFixed(0)], [
    "74.80",
    "−0.20",
    "0.00",
    "0.00",
  ]);
  assertEquals(
    [formatSigned(3.52), formatSigned(-0.21), formatSigned(0.004), formatSigned(-0.004)],
    [
      "+3.52",
      "−0.21",
      "0.00",
      "0.00",
    ],
  );
  assertEquals(formatSpread(summary([74, 75])!), "74.50 ± 0.71 (2)");
  assertEquals(formatSpread(summary([74])!), "74.00 (1)");
  assertEquals(formatSpread({ mean: 72.53, std: 0.15 }), "72.53 ± 0.15");
  assertEquals([round(0.12345, 4), formatFixed(-0.00001, 4), formatSigned(0.5, 1)], [
    0.1235,
    "0.0000",
    "+0.5",
  ]);
  assertEquals(formatSpread({ mean: 0.12345, std: 0.00006, n: 2 }, 4), "0.1235 ± 0.0001 (2)");
});

Deno.test("best: at least two are compared, absent ones never win, less is better where it is said", () => {
  assertEquals(markBest([undefined, 3]), [false, false]);
  assertEquals(markBest([1, undefined, 3, 3]), [false, false, true, true]);
  assertEquals(markBest([1, undefined, 3], true), [true, false, false]);
  assertEquals(markBest([undefined, undefined]), [false, false]);
});

Deno.test("markdown: columns are aligned, text prints as it is", () => {
  assertEquals(
    grid(["", "a"], [["bc", "1 ± 2"], ["d"]]),
    "|     |     a |\n| :-- | ----: |\n| bc  | 1 ± 2 |\n| d   |       |",
  );
  assertEquals(
    escapeMarkdown("SLKD* wrn_40_2 a|b <c> _d_ [e]"),
    "SLKD\\* wrn_40_2 a\\|b \\<c\\> \\_d\\_ \\[e\\]",
  );
  assertEquals(link("x", "../a b/c#d.ts"), "[x](../a%20b/c%23d.ts)");
});

Deno.test("footnotes: numbered in order, the same text once", () => {
  const notes = footnotes();
  assertEquals([notes.mark("a"), notes.mark("b"), notes.mark("a")], [
    "<sup>1</sup>",
    "<sup>2</sup>",
    "<sup>1</sup>",
  ]);
  assertEquals(notes.below(), "- <sup>1</sup> a\n- <sup>2</sup> b");
});

Deno.test("generated: sections are put in, replaced, dropped; prose stays; twice is once", () => {
  const head = { name: "head", body: "# T" };
  const a = { name: "table: a", body: "A" };
  const b = { name: "table: b", body: "B" };
  const fresh = replaceSections("R", "", [head, a]);
  assertEquals(
    fresh,
    "<!-- head -->\n\n# T\n\n<!-- /head -->\n\n<!-- table: a -->\n\nA\n\n<!-- /table -->\n",
  );
  assertEquals(replaceSections("R", fresh, [head, a]), fresh);
  const prose = fresh.replace("<!-- table", "  Why,\n\n\n  and how.\n\n<!-- table") + "\nAfter.\n";
  assertEquals(replaceSections("R", prose, [head, a]), prose);
  const next = replaceSections("R", prose, [head, { ...a, body: "A2" }, b]);
  assertStringIncludes(
    next,
    "<!-- /head -->\n\n  Why,\n\n\n  and how.\n\n<!-- table: a -->\n\nA2\n\n<!-- /table -->\n\nAfter.\n\n<!-- table: b -->",
  );
  assertEquals(replaceSections("R", next, [head, b]).includes("A2"), false);
  assertStringIncludes(
    replaceSections("R", next, [head, b]),
    "and how.\n\nAfter.\n\n<!-- table: b -->",
  );
  assert(replaceSections("R", "Mine.\n", [head]).startsWith("<!-- head -->"));
});

Deno.test("generated: a marker out of place is a failure, not a lost paragraph", () => {
  const sections = [{ name: "table: a", body: "A" }];
  for (
    const text of [
      "<!-- table: a -->\n",
      "<!-- /table -->\n",
      "<!-- table: a -->\n<!-- /head -->\n",
      "<!-- table: a -->\n<!-- table: b -->\n<!-- /table -->\n",
      "<!-- table: a -->\n<!-- /table -->\n<!-- table: a -->\n<!-- /table -->\n",
    ]
  ) {
    assertEquals(
      assertThrows(() => replaceSections("R", text, sections), Failure, "R: <!-- ").exit,
      2,
      text,
    );
  }
});

Deno.test("paper: what is malformed is named", () => {
  for (
    const [from, to, said] of [
      ["id: t1", "id: 1", "tables[0].id has to be a text"],
      ["title: One", "selection: never", "tables[0].title is missing"],
      [
        "metric: top1",
        "metric: top1\n    selection: never",
        'selection has to be "last" or "best" or null, not',
      ],
      [
        "metric: top1",
        "metric: top1\n    aggregate: 3",
        "tables[0].aggregate has to be a text or null, not 3",
      ],
      ["metric: top1", "metric: [top1, top5]", "columns[0] needs its own metric"],
      ["[74.64, 72]", "[74.64]", "the row teacher has 1 values for 2 columns"],
      ["[74.64, 72]", '["74.64", 72]', "tables[0].rows[0].values[0] has to be an object"],
      ["over: kd", "over: dkd", "`over` has to name a row, not dkd"],
      ["over: kd", "over: gain", "`over` has to name a row, not gain"],
      ["method: slkd", "method: kd", "the row kd is there twice"],
      ["tables:", "tables: [", "this is no YAML"],
    ]
  ) {
    const failure = assertThrows(() => paper(YAML.replace(from, to)), Failure, said);
    assertEquals(failure.exit, 2);
    assert(failure.message.startsWith("paper.yaml: "));
  }
});

Deno.test("cells: an experiment stands where its networks are, and nowhere else", () => {
  const [table] = paper().tables;
  const ids = ["t1"];
  const cells = {
    ids,
    rows: { teacher: { vgg13: teacher }, student: { vgg8: student }, kd: { vgg13_vgg8: taught } },
  };
  checkCells([table], cells, "tables.ts");
  const at = (method: string, column: number) =>
    cellAt(cells, table.rows.find((row) => row.method === method)!, table.columns[column]);
  assertEquals([at("teacher", 0), at("student", 0), at("kd", 0)], [teacher, student, taught]);
  assertEquals([at("teacher", 1), at("kd", 1), at("slkd", 0), at("gain", 0)], [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  for (
    const [rows, said] of [
      [{ kb: { vgg13_vgg8: taught } }, "there is no row kb; there are teacher, student, kd, slkd"],
      [{ gain: { vgg13_vgg8: taught } }, "there is no row gain"],
      [
        { kd: { vgg8: taught } },
        "there is no column vgg8 in the row kd; there are vgg13_vgg8, resnet20_resnet8",
      ],
      [{ teacher: { vgg13_vgg8: teacher } }, "there are vgg13, resnet20"],
      [{ teacher: { vgg13: student } }, "trains vgg8, not vgg13"],
      [{ kd: { vgg13_vgg8: other } }, "trains resnet8, not vgg8"],
      [{ kd: { resnet20_resnet8: other } }, "is not taught by resnet20"],
    ] as const
  ) {
    assertEquals(
      assertThrows(() => checkCells([table], { ids, rows }, "tables.ts"), Failure, said).exit,
      2,
    );
  }
});

Deno.test("cells: an experiment of a pair that the tables lack is passed over under its own pair's name", () => {
  const small = experiment(own, {
    dataset,
    teacher: from(teacher),
    student: resnet8,
    distiller: kd(),
    schedule,
  });
  const peer = experiment(own, { dataset, student: resnet8, distiller: scratch(), schedule });
  const check = (rows: Record<string, Record<string, Experiment>>) =>
    checkCells(paper().tables, { ids: ["t1"], rows }, "tables.ts");
  check({
    kd: { vgg13_vgg8: taught, vgg13_resnet8: small },
    teacher: { resnet8: peer },
    slkd: { wrn_40_2_resnet8: peer },
  });
  for (
    const [rows, said] of [
      [{ kd: { vgg13_resnet_8: small } }, "there is no column vgg13_resnet_8 in the row kd"],
      [{ kd: { resnet20_resnet8: small } }, "is not taught by resnet20"],
      [{ kd: { vgg11_resnet8: small } }, "there is no column vgg11_resnet8"],
      [{ student: { resnet_8: peer } }, "there is no column resnet_8 in the row student"],
    ] as const
  ) assertThrows(() => check(rows), Failure, said);
});

Deno.test("cells: a column is of networks that there are, ours or those of its experiments", () => {
  const mine = { ...resnet8, id: "mine" };
  const ids = ["t1"];
  const own_ = experiment(own, {
    dataset,
    teacher: from(teacher),
    student: mine,
    distiller: kd(),
    schedule,
  });
  const check = (name: string, rows: Record<string, Record<string, Experiment>>) =>
    checkColumns(
      paper(YAML.replace("student: vgg8", `student: ${name}`)).tables,
      { ids, rows },
      "paper.yaml",
    );
  check("vgg8", {});
  check("imagenet.resnet18", {});
  check("mine", { kd: { vgg13_mine: own_ } });
  for (
    const [name, rows, said] of [
      ["mine", {}, "paper.yaml: t1: there is no network mine; "],
      ["vgg9", {}, "did you mean vgg8?"],
      ["mne", { kd: { vgg13_mine: own_ } }, "did you mean mine?"],
      ["resnet8x5", {}, "there is no network resnet8x5; "],
    ] as const
  ) assertEquals(assertThrows(() => check(name, rows), Failure, said).exit, 2);
});

Deno.test("cells: a network of a family goes by its own name, and another of that name is another", () => {
  const small = { resnet34: deep.resnet34, resnet18: deep.resnet18 };
  const column = "{ teacher: imagenet.resnet34, student: imagenet.resnet18 }";
  const check = ({ resnet34, resnet18 }: typeof small, yaml = YAML) => {
    const big = experiment(own, { dataset, student: resnet34, distiller: scratch(), schedule });
    const taught = experiment(own, {
      dataset,
      teacher: from(big),
      student: resnet18,
      distiller: kd(),
      schedule,
    });
    const rows = { teacher: { resnet34: big }, kd: { resnet34_resnet18: taught } };
    checkCells(paper(yaml).tables, { ids: ["t1"], rows }, "tables.ts");
  };
  const yaml = YAML.replace("{ teacher: vgg13, student: vgg8 }", column);
  check(imagenet, yaml);
  assertThrows(() => check(small, yaml), Failure, "trains resnet34, not imagenet.resnet34");
  for (const networks of [small, imagenet]) check(networks);
});

Deno.test("cells: a teacher may stand behind an assistant", () => {
  const parts = { dataset, distiller: kd(), schedule };
  const big = experiment(own, { ...parts, student: resnet20, distiller: scratch() });
  const assistant = experiment(own, { ...parts, teacher: from(big), student: vgg8 });
  const small = experiment(own, { ...parts, teacher: from(assistant), student: resnet8 });
  checkCells(
    paper().tables,
    { ids: ["t1"], rows: { kd: { resnet20_resnet8: small } } },
    "tables.ts",
  );
});

Deno.test("cells and own table: weights trained elsewhere teach by their network's name", () => {
  const file = "resnet20.pth";
  const ids = ["t1"];
  const given = experiment(own, {
    dataset,
    teacher: weights(resnet20, { file }),
    student: resnet8,
    distiller: kd(),
    schedule,
  });
  checkCells(paper().tables, { ids, rows: { kd: { resnet20_resnet8: given } } }, "tables.ts");
  const wrong = { ...given, teachers: [weights(vgg13, { file })] };
  assertThrows(
    () =>
      checkCells(paper().tables, { ids, rows: { kd: { resnet20_resnet8: wrong } } }, "tables.ts"),
    Failure,
    "is not taught by resnet20",
  );
  const [, row] = cellsOf(ownTable("T", [["kd", outcome(given, [trial(1, 70)])]]));
  assertEquals(row.slice(0, 4), ["[kd](a.ts)", "resnet20", "resnet8", "70.00 (1)"]);
});

Deno.test("paper table: a cell is ours with spread and n, the paper's, the difference, and the other epoch", () => {
  const markdown = render({
    teacher: [outcome(teacher, [trial(1, 74)])],
    kd: [outcome(taught, [trial(1, 72), trial(2, 74)])],
    slkd: [outcome(taught, [trial(1, 76)])],
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
    markdown,
    "<sup>1</sup> The paper does not say whether it took the last or the best epoch; the difference is to our last.",
  );
});

Deno.test("paper table: groups of columns stand below the header, each above its first column", () => {
  const yaml = YAML.replace("student: vgg8 }", "student: vgg8, group: Old* }").replace(
    "student: resnet8 }",
    "student: resnet8, group: Old* }, { teacher: resnet20, student: vgg8, group: New }",
  ).replace(/values: \[(.*)\]/g, "values: [$1, null]");
  const [header, groups, first] = cellsOf(render({}, paper(yaml)));
  assertEquals([header.length, groups, first[0]], [
    4,
    ["", "**Old\\***", "", "**New**"],
    "teacher",
  ]);
  assertEquals(cellsOf(render({}))[1][0], "teacher");
});

Deno.test("paper table: the difference is against what the paper selected", () => {
  const outcomes = { kd: [outcome(taught, [trial(1, 72)])] };
  for (
    const [selection, header, cell] of [
      [
        "best",
        "ours, best (n)<br><sub>paper · Δ<br>ours, last</sub>",
        "[72.50 (1)](a.ts)<br><sub>72.98 · −0.48<br>72.00</sub>",
      ],
      [
        "last",
        "ours, last (n)<br><sub>paper · Δ<br>ours, best</sub>",
        "[72.00 (1)](a.ts)<br><sub>72.98 · −0.98<br>72.50</sub>",
      ],
    ]
  ) {
    const markdown = render(
      outcomes,
      paper(YAML.replace("metric: top1", `metric: top1\n    selection: ${selection}`)),
    );
    const cells = cellsOf(markdown);
    assertEquals([cells[0][0], cells[3][1]], [header, cell]);
    assert(!markdown.includes("does not say whether"));
  }
});

Deno.test("paper table: a column shows its own metric", () => {
  const yaml = YAML.replace("metric: top1", "metric: [top5, kl]").replace(
    "vgg8 }",
    "vgg8, metric: top5 }",
  ).replace(
    "resnet8 }",
    "resnet8, metric: kl }",
  );
  const measured = trial(1, 72, { metric: { ...trial(1, 72).metric, kl: 1.12 } });
  const cells = cellsOf(
    render({ kd: [outcome(taught, [measured]), outcome(other, [measured])] }, paper(yaml)),
  );
  assertEquals(cells[0].slice(1), ["vgg13 →<br>vgg8<br>top5", "resnet20 →<br>resnet8<br>kl"]);
  assertEquals(cells[3].slice(1).map((cell) => numbers(cell)[0]), [82, 1.12]);
  for (const kd of [[undefined, outcome(other, [measured])], []]) {
    const bold = cellsOf(render({ kd }, paper(yaml))).map((
      [label, , cell],
    ) => [label, cell.includes("**")]);
    assertEquals(
      bold.filter(([, isBold]) => isBold),
      [["kd", true]],
      "less of it is better, whoever fills the column",
    );
  }
});

Deno.test("paper table: times are multiples of the row kd's, of a step; a trial without one has none", () => {
  const yaml = YAML.replace("metric: top1", "metric: time_ratio");
  const timed = (stepSeconds: number) => trial(1, 72, { stepSeconds, seconds: 9 });
  const untimed = trial(2, 72, { seconds: 9 });
  const slkds = [outcome(taught, [timed(0.5), timed(0.3), untimed]), outcome(other, [timed(0.5)])];
  const outcomes = { kd: [outcome(taught, [timed(0.1), untimed, timed(0.3)])], slkd: slkds };
  const [, , , kd, slkd] = cellsOf(render(outcomes, paper(yaml)));
  assertEquals(kd[1], "[**1.00 ± 0.71 (2)**](a.ts)<br><sub>**72.98** · −71.98</sub>");
  assertEquals(numbers(slkd[1]).slice(0, 3), [2, 0.71, 2]);
  assertEquals(slkd[2].split("<br>")[0], "[—](a.ts)");
  const [, , , without, lone] = cellsOf(
    render({ kd: [outcome(taught, [untimed])], slkd: slkds }, paper(yaml)),
  );
  assertEquals([without, lone].map((cells) => cells[1].split("<br>")[0]), [
    "[—](a.ts)",
    "[—](a.ts)",
  ]);
});

Deno.test("paper table: released logs stand below, the compared epoch first", () => {
  const logs = "logs: { best: [{ mean: 75.5, std: 0.2, n: 3 }, null], last: [75, null] }";
  const yaml = YAML.replace("values: [75.01, 62.05]", `values: [75.01, 62.05], ${logs}`);
  const [header, , , , slkd] = cellsOf(
    render({ slkd: [outcome(taught, [trial(1, 76)])] }, paper(yaml)),
  );
  assertStringIncludes(header[0], "<br>ours, best<br>released logs</sub>");
  assertEquals(
    slkd[1],
    "[76.00 (1)](a.ts)<br><sub>**75.01** · +0.99<br>76.50<br>logs: last 75.00 · best 75.50 ± 0.20 (3)</sub>",
  );
  assertEquals(slkd[2], "—<br><sub>**62.05**</sub>");
  const wrong = yaml.replace("last: [75, null]", "last: [75]");
  assertThrows(() => paper(wrong), Failure, "t1: the row slkd has 1 values for 2 columns");
});

Deno.test("tables never show a stale or quick trial: they count it in a footnote", () => {
  const stale = trial(1, 11.11, { declaration: "b".repeat(64), tensorflow: "0.0.1" });
  const quick = trial(2, 22.22, { quick: true });
  for (
    const [trials, shown] of [[[stale, quick], "—"], [
      [stale, quick, trial(3, 72)],
      "72.00 (1)",
    ]] as const
  ) {
    const made = outcome(taught, trials);
    for (const markdown of [render({ kd: [made] }), ownTable("T", [["kd", made]])]) {
      assertEquals(/11\.11|22\.22|11\.61|22\.72|0\.0\.1/.test(markdown), false, markdown);
      assertMatch(markdown, /Not shown: 1 stale \(.*\), 1 quick \(.*\)\./);
      assert(
        markdown.includes(`${shown}](a.ts)<sup>2</sup>`) ||
          markdown.includes(`${shown}<sup>1</sup>`),
        markdown,
      );
    }
  }
});

Deno.test("own table: networks, every measure, the best in bold, the setting", () => {
  const measured = (top1: number, kl: number) =>
    trial(1, top1, { metric: { ...trial(1, top1).metric, kl } });
  const markdown = ownTable("Ours", [
    ["teacher", outcome(teacher, [trial(1, 80)])],
    ["scratch", outcome(student, [trial(1, 70), trial(2, 72)])],
    ["kd", outcome(taught, [measured(73, 0.5)])],
    ["slkd", outcome(taught, [])],
  ]);
  assertEquals(cellsOf(markdown), [
    ["", "teacher", "student", "top-1, last (n)", "top-1, best", "top-5, last", "KL to teacher"],
    ["[teacher](a.ts)", "—", "vgg13", "80.00 (1)", "80.50", "90.00", "—"],
    ["[scratch](a.ts)", "—", "vgg8", "71.00 ± 1.41 (2)", "71.50 ± 1.41", "81.00 ± 1.41", "—"],
    ["[kd](a.ts)", "vgg13", "vgg8", "**73.00 (1)**", "**73.50**", "**83.00**", "0.50"],
    ["[slkd](a.ts)", "vgg13", "vgg8", "—", "—", "—", "—"],
  ]);
  assertMatch(
    unfolded(markdown),
    /^- synthetic \(.*\); sgd \(epochs 2, batch 4, lr 0\.1, drops \(at 1, by 0\.1\), momentum 0\.9, weightDecay 0\.0005\)$/m,
  );
  assertStringIncludes(markdown, "- measured in float32 with TensorFlow 2.21.0, commit 0123456");
});

Deno.test("own table: only rows of one student are compared", () => {
  const small = { ...other, teachers: [] };
  const rows = [
    outcome(student, [trial(1, 70)]),
    outcome(taught, [trial(1, 72)]),
    outcome(small, [trial(1, 60)]),
  ];
  const cells = cellsOf(ownTable("T", rows.map((one, i) => [`${i}`, one]))).map((row) => row[3]);
  assertEquals(cells.slice(1), ["70.00 (1)", "**72.00 (1)**", "60.00 (1)"]);
});

Deno.test("own table: paired differences stand below, where seeds have both rows", () => {
  const rows: [string, Outcome][] = [
    ["scratch", outcome(student, [trial(1, 70), trial(2, 71)])],
    ["kd", outcome(taught, [trial(1, 72), trial(2, 73.1), trial(3, 99)])],
    ["hot_kd", outcome(taught, [trial(2, 70)])],
  ];
  assert(!ownTable("T", rows).includes("Paired"));
  assert(!ownTable("T", rows.slice(0, 1), ["scratch"]).includes("Paired"));
  const markdown = ownTable("T", rows, ["scratch"]);
  const [, grid] = markdown.split("**Paired differences**");
  assertEquals(cellsOf(grid), [
    ["", "Δ top-1, last", "95 % interval", "seeds", "verdict"],
    ["kd − scratch", "+2.05", "+1.41 … +2.69", "2", "better"],
    ["hot_kd − scratch", "−1.00", "—", "1", "one seed"],
  ]);
  assert(markdown.indexOf("**Paired differences**") < markdown.indexOf("**Settings**"));
});

Deno.test("settings: rows that differ are told apart", () => {
  const longer = experiment(own, {
    dataset,
    student: vgg8,
    distiller: scratch(),
    schedule: sgd({ epochs: 9, batch: 4, lr: 0.1 }),
  });
  const markdown = ownTable("T", [["a", outcome(student, [])], ["b", outcome(longer, [])], [
    "c",
    outcome(taught, []),
  ]]);
  assertMatch(unfolded(markdown), /^- a, c: synthetic .*epochs 2/m);
  assertMatch(unfolded(markdown), /^- b: synthetic .*epochs 9/m);
});

Deno.test("settings: where rows have several, data sets are told by row and schedules by who learns", () => {
  const slow = sgd({ epochs: 2, batch: 4, lr: 0.01 });
  const mixed = synthetic({ mix: mixup() });
  const run = (
    student: Experiment["student"],
    schedule: Experiment["schedule"],
    data: Experiment["dataset"],
  ) => outcome({ ...taught, student, schedule, dataset: data }, []);
  const markdown = unfolded(ownTable("T", [
    ["a", run(vgg8, schedule, dataset)],
    ["a", run(resnet8, slow, dataset)],
    ["b", run(vgg8, schedule, mixed)],
    ["b", run(resnet8, slow, mixed)],
  ]));
  for (
    const line of [
      /^- a: synthetic (?!.*mixup)/m,
      /^- b: synthetic .*mixup/m,
      /^- vgg8: sgd .*lr 0\.1,/m,
      /^- resnet8: sgd .*lr 0\.01/m,
    ]
  ) {
    assertMatch(markdown, line);
  }
});

Deno.test("property: every number of a table comes from the results or the paper, and reads back", () => {
  const random = stream(7, "tables");
  const { tables: [table] } = paper();
  for (let round = 0; round < 30; round++) {
    const outcomes: Record<string, Outcome[]> = {};
    const seen = new Map<string, number[][]>();
    for (const method of ["teacher", "student", "kd", "slkd"]) {
      const drawn = table.columns.map(() =>
        Array.from(
          { length: random.below(4) },
          (_, seed) => trial(seed, Math.round(random.uniform() * 8000) / 100),
        )
      );
      outcomes[method] = drawn.map((trials) => outcome(taught, trials));
      seen.set(method, drawn.map((trials) => trials.map((one) => accuracyOf(one).last)));
    }
    const cells = new Map(cellsOf(render(outcomes)).map(([label, ...row]) => [label, row]));
    for (const row of table.rows.filter(({ delta }) => !delta)) {
      table.columns.forEach((_, i) => {
        const values = seen.get(row.method)![i];
        const printed = row.values[i];
        const [ours, below = ""] = cells.get(escapeMarkdown(row.printed ?? row.method))![i].split(
          "<br><sub>",
        );
        const own = summary(values);
        assertEquals(numbers(ours), own ? numbers(formatSpread(own)) : []);
        if (own) {
          assert(
            Math.abs(numbers(ours)[0] - values.reduce((a, b) => a + b) / values.length) <=
              0.005 + 1e-9,
          );
        }
        const [paper, difference] = numbers(below.split("<br>")[0].replace(/ ± \S+/, ""));
        assertEquals(paper, printed?.mean);
        if (own && printed) assert(Math.abs(difference - (numbers(ours)[0] - printed.mean)) < 1e-9);
        if (own) {
          assertEquals(numbers(below.split("<br>")[1])[0], Number((own.mean + 0.5).toFixed(2)));
        }
      });
    }
  }
});

Deno.test("tables: only what the function made is a declaration", () => {
  const declared = tables({ title: "T", tables: [{ id: "a", title: "A", rows: { student } }] });
  assertEquals([isTables(declared), isTables({ ...declared }), isTables(undefined)], [
    true,
    false,
    false,
  ]);
  assertEquals([declared.kind, declared.tables.map(({ kind }) => kind)], ["own", ["own"]]);
  const own = { id: "b", title: "B", rows: { student } };
  const cells = { ids: ["a"], rows: { student: { vgg8: student } } };
  const ofPaper = tables({ paper: "./paper.yaml", tables: [cells, own] });
  assertEquals(ofPaper, {
    kind: "paper",
    paper: "./paper.yaml",
    tables: [{ kind: "paper", ...cells }, { kind: "own", ...own }],
  });
  // @ts-expect-error a row is an experiment, not the name of one
  tables({ title: "T", tables: [{ id: "a", title: "A", rows: { student: "student.ts" } }] });
  // @ts-expect-error a misspelt member
  tables({ paper: "./paper.yaml", tables: [{ id: ["a"], rows: {} }] });
  const rows = { student, taught };
  const id = "a";
  const title = "A";
  tables({
    title,
    tables: [{ id, title, rows, against: taught }, {
      id: "b",
      title,
      rows,
      against: [rows.student],
    }],
  });
  tables({
    paper: "./paper.yaml",
    tables: [{ ids: ["a"], rows: { kd: rows } }, { id, title, rows, against: student }],
  });
  // @ts-expect-error a row that is not there
  tables({ title, tables: [{ id, title, rows, against: rows.kd }] });
  // @ts-expect-error a misspelt optional member
  tables({ title, tables: [{ id, title, rows, agianst: student }] });
});
