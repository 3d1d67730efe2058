import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createWithin } from "../../lib/training/create.ts";
import { dense } from "../../lib/nn/layers.ts";
import { buildModel } from "../../lib/nn/network.ts";
import { constant, type Variable, variables } from "../../lib/nn/variables.ts";
import { CLASSES, IMAGE, small } from "../support/toy.ts";

function setUp() {
  const collected = new Map<string, Variable>();
  const scope = variables({ seed: 1, collected });
  return { collected, scope, create: createWithin(scope.in("distiller"), IMAGE, CLASSES) };
}

Deno.test("createWithin: things are numbered in order of creation, in any parameter group, or have a name", () => {
  const { create, collected } = setUp();
  create(dense(2), [3]);
  create.at({ lr: 0.5 })(dense(2), [3]);
  create(dense(2), [3]);
  create.in("regressor")(dense(2), [3]);
  create.memory("bank", [4, 2], constant(7));
  assertEquals([...collected.keys()].filter((name) => !name.endsWith("bias")), [
    "distiller.0.weight",
    "distiller.1.weight",
    "distiller.2.weight",
    "distiller.regressor.0.weight",
    "distiller.bank",
  ]);
  assertEquals(collected.get("distiller.0.weight")!.paramGroup, {});
  assertEquals(collected.get("distiller.1.weight")!.paramGroup, { lr: 0.5 });
  const bank = collected.get("distiller.bank")!;
  assertEquals([bank.trainable, bank.initial()], [false, new Float32Array(8).fill(7)]);
});

Deno.test("createWithin: memories are collected, at any depth", () => {
  const { scope } = setUp();
  const memories: Variable[] = [];
  const create = createWithin(scope.in("distiller"), IMAGE, CLASSES, { memories });
  create(dense(2), [3]);
  create.memory("z", [], constant(0));
  create.in("inner").at({ lr: 2 }).memory("bank", [4, 2], constant(0));
  assertEquals(memories.map(({ name }) => name), ["distiller.z", "distiller.inner.bank"]);
});

Deno.test("createWithin: a module of another method has that method's values and a name here, and never changes", () => {
  const { scope, collected } = setUp();
  const requests: unknown[] = [];
  const weight = Float32Array.of(1, 2, 3, 4, 5, 6);
  const extra = { kind: "module", name: "theirs", layer: dense(2) } as const;
  const create = createWithin(scope.in("distiller"), IMAGE, CLASSES, {
    taken(...args) {
      requests.push(args);
      return new Map([["weight", weight], ["bias", Float32Array.of(7, 8)]]);
    },
  });
  assertEquals(create.in("ours").at({ lr: 2 })(extra, [3]).shape, [2]);
  assertEquals(requests, [[extra, [3]]]);
  const made = collected.get("distiller.ours.0.weight")!;
  assertEquals([made.fixed, made.initial()], [true, weight]);
  assertEquals(collected.get("distiller.ours.0.bias")!.initial(), Float32Array.of(7, 8));
});

Deno.test("createWithin: a module for others is made by its name, once, in any parameter group, with its variables in `made`", () => {
  const { scope, collected } = setUp();
  const made = new Map<string, ReadonlyMap<string, Variable>>();
  const trained = { hint: dense(2), gate: dense(1) };
  const create = createWithin(scope.in("distiller"), IMAGE, CLASSES, { trained, made });
  create(dense(1), [1]);
  assertEquals(create.trainedModule("hint", [3]).shape, [2]);
  create.at({ lr: 2 }).trainedModule("gate", [3]);
  assertEquals(Array.from(made, ([name, inside]) => [name, ...inside.keys()]), [[
    "hint",
    "weight",
    "bias",
  ], [
    "gate",
    "weight",
    "bias",
  ]]);
  assertEquals(made.get("hint")!.get("weight"), collected.get("distiller.hint.0.weight"));
  assertEquals(made.get("gate")!.get("bias"), collected.get("distiller.gate.0.bias"));
  assertEquals([
    collected.get("distiller.gate.0.bias")!.paramGroup.lr,
    collected.get("distiller.hint.0.bias")!.fixed,
  ], [
    2,
    false,
  ]);
  assertThrows(() => create.trainedModule("hint", [3]), Error, "distiller.hint.0.weight");
  assertThrows(
    () => create.trainedModule("toString", [3]),
    Error,
    "toString, which is not among its trainedModules",
  );
});

Deno.test("createWithin: a network is for the same images and classes, and new or a trainable copy", () => {
  const { create, scope } = setUp();
  const teacher = buildModel(small, scope.in("teacher"), IMAGE, CLASSES);
  const fresh = create(small);
  const copy = create(small, { from: teacher });
  assertEquals({ ...fresh.shapes }, { ...teacher.shapes });
  assertNotEquals(fresh.variables[0].initial(), teacher.variables[0].initial());
  assertEquals(copy.variables[0].initial(), teacher.variables[0].initial());
  assertEquals(
    copy.variables.map(({ trainable }) => trainable),
    teacher.variables.map(({ trainable }) => trainable),
  );
});
