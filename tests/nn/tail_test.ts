import { assertEquals } from "@std/assert";
import { wrn } from "../../lib/networks/wrn.ts";
import type { Layer } from "../../lib/nn/layer.ts";
import { buildModel, type Classifier } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { runAfter, tail } from "../../lib/nn/tail.ts";
import { startFrom, type Variable, variables } from "../../lib/nn/variables.ts";
import { open } from "../support/engines.ts";
import { batch, CLASSES, IMAGE, large } from "../support/toy.ts";

Deno.test("tail: with the network's own weights, continues from a tap like the network", async () => {
  const networks: readonly Classifier<"block1">[] = [large, wrn(10, 1)];
  for (const recipe of networks) {
    for (const tap of ["block1", "pooled"] as const) {
      const collected = new Map<string, Variable>();
      const scope = variables({ seed: 1, collected });
      const network = buildModel(recipe, scope.in("network"), IMAGE, CLASSES);
      const names = Object.keys(network.parts);
      const stages = names.slice(names.indexOf(tap) + 1);
      const later = network.variables.filter(({ name }) => stages.includes(name.split(".")[1]));
      const copyLayer: Layer = (scope, input) =>
        tail(network, tap)(startFrom(scope, later, []), input);
      const copy = copyLayer(scope.in("tail"), network.shapes[tap]);
      const engine = await open("cpu");
      await engine.hold([...collected.values()]);
      const step = engine.compile<"image">(({ image }) => {
        const { live } = passes();
        const { taps, next } = network.run(image, live);
        return {
          values: {
            whole: taps.logits,
            copied: copy(next[tap], live),
            after: runAfter(network, tap, taps[tap], live),
          },
          updates: [],
        };
      });
      const { data, shape } = batch(0).image;
      const values = await step({
        image: { shape, data: Float32Array.from(data, (pixel) => pixel / 255) },
      });
      engine.close();
      assertEquals(values.copied, values.whole, `${recipe.id} after ${tap}`);
      assertEquals(values.after, values.whole, `${recipe.id} after ${tap}`);
      assertEquals(copy.shape, [CLASSES]);
    }
  }
});
