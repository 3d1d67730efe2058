import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  type Distiller,
  erase,
  mergeTerms,
  numberTerms,
  type Teachers,
  type Term,
  withMemory,
} from "../../lib/experiment/distiller.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import type { Net } from "../../lib/nn/network.ts";

await tf.setBackend("cpu");
const values = tf.ones([2]);
const labels: Term = [1, values, "task"];
const other: Term = [2, values];

Deno.test("distiller: numbered terms keep their weights, values and roles", () => {
  assertEquals(numberTerms("teacher", [labels, other]), { teacher1: labels, teacher2: other });
});

Deno.test("distiller: merged terms lose the second task, and get their method's id as a prefix if their name is taken", () => {
  assertEquals(
    mergeTerms({ task: labels, kd: other }, { task: labels, kd: other, peer_task: labels }, "dml"),
    {
      task: labels,
      kd: other,
      dml_kd: other,
      peer_task: labels,
    },
  );
});

Deno.test("distiller: a term named `writes` is a term, with or without a role", () => {
  for (const writes of [labels, other]) {
    assertEquals(withMemory({ writes }), { terms: { writes }, writes: [] });
  }
  assertEquals(withMemory({ terms: { labels }, writes: [] }), { terms: { labels }, writes: [] });
});

Deno.test("distiller: an erased method is the method itself", () => {
  const method = kd();
  assertStrictEquals<unknown>(erase(method), method);
});

Deno.test("distiller: only an erased method fits every network", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const _any: Distiller<Net, Teachers> = erase(kd());
  const _spots = erase(fitnets()).spots;
  // @ts-expect-error: FitNets needs taps that not every network has.
  const _fitnets: Distiller<Net, Teachers> = fitnets();
  // @ts-expect-error: kd compares no taps.
  const _none = erase(kd()).spots;
}
