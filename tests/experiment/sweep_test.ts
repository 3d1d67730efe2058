import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Dataset,
  experiment,
  Failure,
  kd,
  resnet8,
  scratch,
  sgd,
  sweep,
  type SweepPoint,
} from "../../mod.ts";
import { pointsOf } from "../../lib/experiment/sweep.ts";

const dataset = { id: "toy", options: {}, holdout: 100 } as unknown as Dataset;
const meta = { url: "file:///a/sweep.ts" };
const at = (lr: number, holdout = 100) =>
  experiment(meta, {
    dataset: { ...dataset, holdout },
    student: resnet8,
    distiller: scratch(),
    schedule: sgd({ epochs: 1, batch: 4, lr }),
  });

Deno.test("sweep: a grid has every point, with a name that does not depend on the settings' order", () => {
  const seen: SweepPoint[] = [];
  const made = sweep({
    space: { lr: [0.1, 0.2], kind: ["plain", "mixed"], warm: [true] },
    method: "grid",
    make: (values) => {
      seen.push(values);
      return at(values.lr);
    },
  });
  const names = ["kind=plain,lr=0.1,warm=true", "kind=mixed,lr=0.1,warm=true"];
  assertEquals(Object.keys(made), [...names, ...names.map((name) => name.replace("0.1", "0.2"))]);
  assertEquals(seen[3], { lr: 0.2, kind: "mixed", warm: true });
  assertEquals(Object.values(made).map(({ schedule }) => schedule.rate(1)), [0.1, 0.1, 0.2, 0.2]);
  assertEquals([...pointsOf(made)!.values()], seen);
  assertEquals([pointsOf({ ...made }), pointsOf(null)], [undefined, undefined]);
  const reordered = sweep({
    space: { warm: [true], kind: ["mixed"], lr: [0.2] },
    method: "grid",
    make: ({ lr }) => at(lr),
  });
  assert(Object.keys(made).includes(Object.keys(reordered)[0]));
});

const space = {
  lr: { from: 0.001, to: 1, scale: "log" },
  temperature: [1, 2, 4],
  weight: { from: -1, to: 3 },
} as const;
const randomNames = (random: number, seed?: number) =>
  Object.keys(sweep({ space, method: { random, seed }, make: ({ lr }) => at(lr) }));

Deno.test("sweep: random points are distinct, within their ranges, and equal for equal seeds", () => {
  const made = sweep({ space, method: { random: 40 }, make: ({ lr }) => at(lr) });
  const points = [...pointsOf(made)!.values()] as {
    lr: number;
    temperature: number;
    weight: number;
  }[];
  assertEquals(new Set(Object.keys(made)).size, 40);
  for (const { lr, temperature, weight } of points) {
    assert(
      lr >= 0.001 && lr <= 1 && weight >= -1 && weight <= 3 && [1, 2, 4].includes(temperature),
    );
    assertEquals(lr, Number(lr.toPrecision(3)));
  }
  // Two thirds of evenly spread logarithms are below a tenth.
  const small = points.filter(({ lr }) => lr < 0.1).length;
  assert(small > 18 && small < 36, `${small}`);
  assertEquals(new Set(points.map(({ temperature }) => temperature)).size, 3);
  assertEquals(Object.keys(made), randomNames(40));
  assert(randomNames(40, 1).every((name) => !Object.hasOwn(made, name)));
});

Deno.test("sweep: rounding takes no number out of its range", () => {
  const made = sweep({
    space: { share: { from: 0.9901, to: 0.9996 }, rate: { from: 0.012344, to: 0.012352 } },
    method: { random: 4 },
    make: ({ share, rate }) => {
      assert(share >= 0.9901 && share <= 0.9996, `${share}`);
      assert(rate >= 0.012344 && rate <= 0.012352, `${rate}`);
      return at(rate);
    },
  });
  assertEquals(Object.keys(made).length, 4);
});

Deno.test("sweep: a longer search begins with the shorter one, and a space of fewer points is tried whole", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 12 }),
      fc.nat(),
      (few, more, seed) => {
        assertEquals(randomNames(few + more, seed).slice(0, few), randomNames(few, seed));
      },
    ),
    { numRuns: 20 },
  );
  const lists = sweep({
    space: { a: [1, 2], b: [1, 2] },
    method: { random: 9 },
    make: ({ a }) => at(a),
  });
  assertEquals(Object.keys(lists), ["a=1,b=1", "a=1,b=2", "a=2,b=1", "a=2,b=2"]);
});

Deno.test("sweep: a space without points and a data set without a hold-out are refused", () => {
  const messageOf = (declare: () => unknown) => {
    const { exit, message } = assertThrows(declare, Failure);
    assertEquals(exit, 2);
    return message;
  };
  const make = () => at(0.1);
  const grid = (space: Record<string, (number | string)[]>) =>
    messageOf(() => sweep({ space, method: "grid", make }));
  assertEquals(grid({}), "sweep: the space has no settings");
  assertEquals(grid({ lr: [] }), "sweep: `lr` has no values");
  assertEquals(grid({ lr: [1, 1] }), "sweep: `lr` has a value twice");
  assert(
    grid({ kind: ["a/b"] }).startsWith(
      'sweep: `kind` has the value "a/b"; use numbers, booleans or texts of',
    ),
  );
  assert(grid({ lr: [NaN] }).startsWith('sweep: `lr` has the value "NaN"'));
  assert(grid({ "l r": [1] }).startsWith("sweep: `l r` has to be a name"));
  const range = (from: number, to: number, scale: "log" | "linear" = "linear", random = 3) =>
    messageOf(() => sweep({ space: { lr: { from, to, scale } }, method: { random }, make }));
  assertEquals(
    range(1, 1),
    "sweep: `lr` goes from 1 to 1; `to` has to be above `from`, both finite",
  );
  assertEquals(
    range(0, Infinity),
    "sweep: `lr` goes from 0 to Infinity; `to` has to be above `from`, both finite",
  );
  assertEquals(range(0, 1, "log"), "sweep: `lr` starts at 0, which has no logarithm");
  assertEquals(
    range(0, 1, "linear", 0),
    "sweep: `random` has to be a number of points, 1 or more, not 0",
  );
  assertEquals(
    range(1, 1.001),
    "sweep: the space does not have 3 points that differ in three digits",
  );
  assertEquals(
    messageOf(() =>
      sweep({
        space: { lr: [0.1, 0.2] },
        method: "grid",
        make: ({ lr }) => at(lr, lr > 0.1 ? 0 : 100),
      })
    ),
    "sweep: toy holds nothing out at lr=0.2: set its `holdout`, the number of images that points are compared on",
  );
});

Deno.test("sweep: mistakes are compile errors", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const make = () => at(0.1);
  // Correct uses.
  sweep({
    space: { kd: [0.5, 1] },
    method: "grid",
    make: ({ kd: weight }) => (kd({ kd: weight }), at(0.1)),
  });
  sweep({
    space: { on: [true, false] },
    method: { random: 1 },
    make: ({ on }) => at(on ? 0.1 : 0.2),
  });

  // @ts-expect-error: a range has no grid.
  sweep({ space: { lr: { from: 0.1, to: 1 } }, method: "grid", make });
  // @ts-expect-error: there is no such setting.
  sweep({ space: { lr: [0.1] }, method: "grid", make: ({ rate }) => at(rate) });
  // @ts-expect-error: a text is no number.
  sweep({ space: { lr: ["0.1"] }, method: "grid", make: ({ lr }) => at(lr) });
  // @ts-expect-error: a point is an experiment.
  sweep({ space: { lr: [0.1] }, method: "grid", make: ({ lr }) => ({ lr }) });
  // @ts-expect-error: a misspelt scale.
  sweep({ space: { lr: { from: 0.1, to: 1, scale: "logarithmic" } }, method: { random: 3 }, make });
  // @ts-expect-error: no method.
  sweep({ space: { lr: [0.1] }, make });
  // @ts-expect-error: no number of points.
  sweep({ space: { lr: [0.1] }, method: { seed: 3 }, make });
}
