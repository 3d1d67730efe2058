import { assert, assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { PAPER_YAML, parseToyPaper } from "../support/toy_outcomes.ts";

Deno.test("paper: the error names the malformed field", () => {
  for (
    const [from, to, message] of [
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
      ["tables:", "tables: [", "this is not YAML"],
    ]
  ) {
    const failure = assertThrows(
      () => parseToyPaper(PAPER_YAML.replace(from, to)),
      Failure,
      message,
    );
    assertEquals(failure.exit, 2);
    assert(failure.message.startsWith("paper.yaml: "));
  }
});

Deno.test("paper: released logs have a value for every column", () => {
  const logs = "logs: { best: [{ mean: 75.5, std: 0.2, n: 3 }, null], last: [75] }";
  const wrong = PAPER_YAML.replace(
    "values: [75.01, 62.05]",
    `values: [75.01, 62.05], ${logs}`,
  );
  assertThrows(() => parseToyPaper(wrong), Failure, "t1: the row slkd has 1 values for 2 columns");
});
