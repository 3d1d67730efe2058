import { assertEquals } from "@std/assert";
import { isTables, tables } from "../../lib/experiment/tables.ts";
import { student, taught } from "../support/toy_outcomes.ts";

Deno.test("tables: only the function's results are declarations", () => {
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
