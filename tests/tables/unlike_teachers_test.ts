import { assertEquals, assertStringIncludes } from "@std/assert";
import { cifar100 } from "../../datasets/cifar.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { experiment, from } from "../../lib/experiment/experiment.ts";
import { vgg8 } from "../../lib/networks/vgg.ts";
import type { Trial } from "../../lib/project/result.ts";
import { latexTable } from "../../lib/tables/formats/latex_tables.ts";
import { unlikeTeachers } from "../../lib/tables/unlike_teachers.ts";
import {
  dataset,
  META,
  other,
  outcomeOf,
  ownTableOf,
  parseToyPaper,
  renderOwnTable,
  renderPaperTable,
  schedule,
  taught,
  teacher,
  unfold,
} from "../support/toy_outcomes.ts";
import { trial } from "../support/trial.ts";

/** A trial that weights of one of two trainings of a teacher taught. */
function taughtBy(training: "a" | "b", seed: number, more: Partial<Trial> = {}): Trial {
  const score: Record<string, number> = { top1: training === "a" ? 83.56 : 83.82 };
  const record = { id: "p#teacher", seed: 1, sha256: training.repeat(64), score };
  return trial(seed, 70, { teachers: [record], ...more });
}

const NOTE = "The teacher p#teacher seed 1 is not the same everywhere: " +
  "bbbbbbbb (top-1 83.82) taught seed 1; aaaaaaaa (top-1 83.56) taught seeds 2, 3.";

Deno.test("unlike teachers: a row whose trials had several, and a row that had one of them", () => {
  const mixed = outcomeOf(taught, [taughtBy("b", 1), taughtBy("a", 2), taughtBy("a", 3)]);
  const again = experiment(META, {
    dataset,
    schedule,
    teacher: from(teacher),
    student: vgg8,
    distiller: kd({ temperature: 2 }),
  });
  const old = outcomeOf(again, [taughtBy("a", 1)]);
  const elsewhere = outcomeOf(other, [taughtBy("a", 1)]);
  const unlike = unlikeTeachers([mixed, old, elsewhere]);
  assertEquals([mixed, old, elsewhere].map(unlike), [
    [NOTE],
    [
      "The teacher p#teacher seed 1 is not the same everywhere: " +
      "aaaaaaaa (top-1 83.56) taught seed 1.",
    ],
    [],
  ]);
});

Deno.test("unlike teachers: a row whose teacher's own trial has another score", () => {
  const student = outcomeOf(taught, [taughtBy("a", 1)]);
  const noteBeside = (top1: number, seed = 1) =>
    unlikeTeachers([outcomeOf(teacher, [trial(seed, top1)]), student])(student);
  assertEquals(noteBeside(83.82), [
    "The teacher p#teacher seed 1 is not the same everywhere: " +
    "aaaaaaaa (top-1 83.56) taught seed 1; its own trial has top-1 83.82.",
  ]);
  assertEquals(noteBeside(83.56), []);
  assertEquals(noteBeside(83.5), [], "the same weights in another precision");
  assertEquals(noteBeside(83.82, 2), [], "another teacher");
});

Deno.test("unlike teachers: the score on another data set than the teacher's is another one", () => {
  const elsewhere = experiment(META, {
    dataset: cifar100(),
    schedule,
    teacher: from(teacher),
    student: vgg8,
    distiller: kd(),
  });
  const student = outcomeOf(elsewhere, [taughtBy("a", 1)]);
  const home = outcomeOf(taught, [taughtBy("a", 1)]);
  const own = outcomeOf(teacher, [trial(1, 90)]);
  assertEquals(unlikeTeachers([own, student])(student), []);
  const unlike = unlikeTeachers([own, student, home]);
  const says = (outcome: typeof home) => unlike(outcome).join().includes("its own trial has");
  assertEquals([says(student), says(home)], [false, true], "a row on another data set hides none");
});

Deno.test("unlike teachers: none where the weights are the same, or belong to other declarations", () => {
  const last = outcomeOf(taught, [taughtBy("a", 1), taughtBy("a", 2)]);
  const best = experiment(META, {
    dataset,
    schedule,
    teacher: from(teacher, { epoch: "best" }),
    student: vgg8,
    distiller: kd(),
  });
  const stale = taughtBy("b", 3, { declaration: "c".repeat(64) });
  const outcomes = [
    last,
    outcomeOf(best, [taughtBy("b", 1)]),
    outcomeOf(taught, [taughtBy("a", 1), stale]),
  ];
  assertEquals(outcomes.flatMap(unlikeTeachers(outcomes)), []);
});

Deno.test("unlike teachers: a table marks the row, in each format, beside its other notes", () => {
  const mixed = outcomeOf(taught, [
    taughtBy("b", 1),
    taughtBy("a", 2),
    taughtBy("a", 3),
    taughtBy("a", 4, { quick: true }),
  ]);
  const own = unfold(renderOwnTable([["kd", mixed]]));
  assertStringIncludes(own, "70.00 ± 0.00 (3)<sup>1, 2</sup>");
  assertStringIncludes(own, `- <sup>2</sup> ${NOTE}`);
  const paper = unfold(renderPaperTable({ kd: [mixed, undefined] }));
  assertStringIncludes(paper, "(a.ts)<sup>2, 3</sup><br>");
  assertStringIncludes(paper, `- <sup>3</sup> ${NOTE}`);

  const latex = [
    latexTable(ownTableOf([["kd", mixed]])),
    latexTable({
      kind: "paper",
      table: parseToyPaper().tables[0],
      at: ({ method }, column) => method === "kd" && column.student === "vgg8" ? mixed : undefined,
    }),
  ];
  for (const text of latex) {
    assertStringIncludes(text, "\\textsuperscript{1, 2}");
    assertStringIncludes(text, `\\textsuperscript{2} ${NOTE.replace("#", "\\#")}`);
  }
});
