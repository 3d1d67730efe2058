import { assertEquals, assertThrows } from "@std/assert";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { weights } from "../../lib/experiment/weights.ts";
import * as deep from "../../lib/networks/deep_resnet.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import { cellAt, checkCells, checkColumns } from "../../lib/tables/cells.ts";
import { Failure } from "../../lib/values/failure.ts";
import {
  dataset,
  META,
  other,
  PAPER_YAML,
  parseToyPaper,
  schedule,
  student,
  taught,
  teacher,
} from "../support/toy_outcomes.ts";

Deno.test("cells: an experiment fills the cell of its networks, and no other", () => {
  const [table] = parseToyPaper().tables;
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
    const [rows, message] of [
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
      assertThrows(() => checkCells([table], { ids, rows }, "tables.ts"), Failure, message).exit,
      2,
    );
  }
});

Deno.test("cells: an experiment of a pair that the tables lack is skipped if its key names that pair", () => {
  const small = experiment(META, {
    dataset,
    teacher: from(teacher),
    student: resnet8,
    distiller: kd(),
    schedule,
  });
  const peer = experiment(META, { dataset, student: resnet8, distiller: scratch(), schedule });
  const check = (rows: Record<string, Record<string, Experiment>>) =>
    checkCells(parseToyPaper().tables, { ids: ["t1"], rows }, "tables.ts");
  check({
    kd: { vgg13_vgg8: taught, vgg13_resnet8: small },
    teacher: { resnet8: peer },
    slkd: { wrn_40_2_resnet8: peer },
  });
  for (
    const [rows, message] of [
      [{ kd: { vgg13_resnet_8: small } }, "there is no column vgg13_resnet_8 in the row kd"],
      [{ kd: { resnet20_resnet8: small } }, "is not taught by resnet20"],
      [{ kd: { vgg11_resnet8: small } }, "there is no column vgg11_resnet8"],
      [{ student: { resnet_8: peer } }, "there is no column resnet_8 in the row student"],
    ] as const
  ) assertThrows(() => check(rows), Failure, message);
});

Deno.test("cells: a column's networks are Retort's or those of its experiments", () => {
  const mine = { ...resnet8, id: "mine" };
  const ids = ["t1"];
  const own_ = experiment(META, {
    dataset,
    teacher: from(teacher),
    student: mine,
    distiller: kd(),
    schedule,
  });
  const check = (name: string, rows: Record<string, Record<string, Experiment>>) =>
    checkColumns(
      parseToyPaper(PAPER_YAML.replace("student: vgg8", `student: ${name}`)).tables,
      { ids, rows },
      "paper.yaml",
    );
  check("vgg8", {});
  check("imagenet.resnet18", {});
  check("mine", { kd: { vgg13_mine: own_ } });
  for (
    const [name, rows, message] of [
      ["mine", {}, "paper.yaml: t1: there is no network mine; "],
      ["vgg9", {}, "did you mean vgg8?"],
      ["mne", { kd: { vgg13_mine: own_ } }, "did you mean mine?"],
      ["resnet8x5", {}, "there is no network resnet8x5; "],
    ] as const
  ) assertEquals(assertThrows(() => check(name, rows), Failure, message).exit, 2);
});

Deno.test("cells: a network of a family has its own id, which differs from its namesake's", () => {
  const small = { resnet34: deep.resnet34, resnet18: deep.resnet18 };
  const column = "{ teacher: imagenet.resnet34, student: imagenet.resnet18 }";
  const check = ({ resnet34, resnet18 }: typeof small, yaml = PAPER_YAML) => {
    const big = experiment(META, { dataset, student: resnet34, distiller: scratch(), schedule });
    const taught = experiment(META, {
      dataset,
      teacher: from(big),
      student: resnet18,
      distiller: kd(),
      schedule,
    });
    const rows = { teacher: { resnet34: big }, kd: { resnet34_resnet18: taught } };
    checkCells(parseToyPaper(yaml).tables, { ids: ["t1"], rows }, "tables.ts");
  };
  const yaml = PAPER_YAML.replace("{ teacher: vgg13, student: vgg8 }", column);
  check(imagenet, yaml);
  assertThrows(() => check(small, yaml), Failure, "trains resnet34, not imagenet.resnet34");
  for (const networks of [small, imagenet]) check(networks);
});

Deno.test("cells: a column names the network of its row student if that is another one", () => {
  const yaml = PAPER_YAML.replace("student: vgg8 }", "student: vgg8, alone: resnet8 }");
  const [table] = parseToyPaper(yaml).tables;
  const alone = experiment(META, { dataset, student: resnet8, distiller: scratch(), schedule });
  const rows = { student: { resnet8: alone }, kd: { vgg13_vgg8: taught } };
  checkCells([table], { ids: ["t1"], rows }, "tables.ts");
  const row = table.rows.find(({ method }) => method === "student")!;
  assertEquals(cellAt({ ids: ["t1"], rows }, row, table.columns[0]), alone);
  const check = (rows: Record<string, Record<string, Experiment>>) =>
    checkCells([table], { ids: ["t1"], rows }, "tables.ts");
  assertThrows(() => check({ student: { resnet8: student } }), Failure, "trains vgg8, not resnet8");
  const misspelt = parseToyPaper(yaml.replace("alone: resnet8", "alone: resnet9")).tables;
  assertThrows(
    () => checkColumns(misspelt, { ids: ["t1"], rows: {} }, "paper.yaml"),
    Failure,
    "there is no network resnet9",
  );
});

Deno.test("cells: a teacher may stand above an assistant", () => {
  const parts = { dataset, distiller: kd(), schedule };
  const big = experiment(META, { ...parts, student: resnet20, distiller: scratch() });
  const assistant = experiment(META, { ...parts, teacher: from(big), student: vgg8 });
  const small = experiment(META, { ...parts, teacher: from(assistant), student: resnet8 });
  checkCells(
    parseToyPaper().tables,
    { ids: ["t1"], rows: { kd: { resnet20_resnet8: small } } },
    "tables.ts",
  );
});

Deno.test("cells: a teacher with weights trained elsewhere has its network's name", () => {
  const file = "resnet20.pth";
  const ids = ["t1"];
  const loaded = experiment(META, {
    dataset,
    teacher: weights(resnet20, { file }),
    student: resnet8,
    distiller: kd(),
    schedule,
  });
  checkCells(
    parseToyPaper().tables,
    { ids, rows: { kd: { resnet20_resnet8: loaded } } },
    "tables.ts",
  );
  const wrong = { ...loaded, teachers: [weights(vgg13, { file })] };
  assertThrows(
    () =>
      checkCells(
        parseToyPaper().tables,
        { ids, rows: { kd: { resnet20_resnet8: wrong } } },
        "tables.ts",
      ),
    Failure,
    "is not taught by resnet20",
  );
});
