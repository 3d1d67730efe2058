import { assert, assertEquals } from "@std/assert";
import {
  cellsOf,
  numbersIn,
  other,
  outcomeOf,
  PAPER_YAML,
  parseToyPaper,
  renderPaperTable,
  taught,
} from "../support/toy_outcomes.ts";
import { trial } from "../support/trial.ts";

Deno.test("paper column: the difference is to the epoch that the paper selected", () => {
  const outcomes = { kd: [outcomeOf(taught, [trial(1, 72)])] };
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
    const markdown = renderPaperTable(
      outcomes,
      parseToyPaper(
        PAPER_YAML.replace("metric: top1", `metric: top1\n    selection: ${selection}`),
      ),
    );
    const cells = cellsOf(markdown);
    assertEquals([cells[0][0], cells[3][1]], [header, cell]);
    assert(!markdown.includes("does not say whether"));
  }
});

Deno.test("paper column: a column shows its own metric", () => {
  const yaml = PAPER_YAML.replace("metric: top1", "metric: [top5, kl]").replace(
    "vgg8 }",
    "vgg8, metric: top5 }",
  ).replace(
    "resnet8 }",
    "resnet8, metric: kl }",
  );
  const measured = trial(1, 72, { metric: { ...trial(1, 72).metric, kl: 1.12 } });
  const cells = cellsOf(
    renderPaperTable(
      { kd: [outcomeOf(taught, [measured]), outcomeOf(other, [measured])] },
      parseToyPaper(yaml),
    ),
  );
  assertEquals(cells[0].slice(1), ["vgg13 →<br>vgg8<br>top5", "resnet20 →<br>resnet8<br>kl"]);
  assertEquals(cells[3].slice(1).map((cell) => numbersIn(cell)[0]), [82, 1.12]);
  for (const kd of [[undefined, outcomeOf(other, [measured])], []]) {
    const bold = cellsOf(renderPaperTable({ kd }, parseToyPaper(yaml))).map((
      [label, , cell],
    ) => [label, cell.includes("**")]);
    assertEquals(
      bold.filter(([, isBold]) => isBold),
      [["kd", true]],
      "less of it is better, whoever fills the column",
    );
  }
});

Deno.test("paper column: times are multiples of the row kd's step; a trial without a step time has none", () => {
  const yaml = PAPER_YAML.replace("metric: top1", "metric: time_ratio");
  const timed = (stepSeconds: number) => trial(1, 72, { stepSeconds, seconds: 9 });
  const untimed = trial(2, 72, { seconds: 9 });
  const slkdOutcomes = [
    outcomeOf(taught, [timed(0.5), timed(0.3), untimed]),
    outcomeOf(other, [timed(0.5)]),
  ];
  const outcomes = {
    kd: [outcomeOf(taught, [timed(0.1), untimed, timed(0.3)])],
    slkd: slkdOutcomes,
  };
  const [, , , kd, slkd] = cellsOf(renderPaperTable(outcomes, parseToyPaper(yaml)));
  assertEquals(kd[1], "[**1.00 ± 0.71 (2)**](a.ts)<br><sub>**72.98** · −71.98</sub>");
  assertEquals(numbersIn(slkd[1]).slice(0, 3), [2, 0.71, 2]);
  assertEquals(slkd[2].split("<br>")[0], "[—](a.ts)");
  const [, , , without, lone] = cellsOf(
    renderPaperTable(
      { kd: [outcomeOf(taught, [untimed])], slkd: slkdOutcomes },
      parseToyPaper(yaml),
    ),
  );
  assertEquals([without, lone].map((cells) => cells[1].split("<br>")[0]), [
    "[—](a.ts)",
    "[—](a.ts)",
  ]);
});
