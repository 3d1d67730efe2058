import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { buildModel } from "../../../lib/nn/network.ts";
import { sizeOf, type Variable, variables } from "../../../lib/nn/variables.ts";
import { adamw } from "../../../lib/optimizers/adamw.ts";
import { referenceName } from "../../../lib/weights/names.ts";
import { open } from "../../support/engines.ts";
import { type Check, type Golden, readGolden } from "../../support/goldens.ts";
import { imageOf, type VitArgs, vitOf } from "../../support/vit.ts";

/** The JSON of the case. */
export interface ParamGroups {
  readonly networks: Readonly<
    Record<
      string,
      {
        readonly decay: readonly string[];
        readonly no_decay_not_1d: readonly string[];
        readonly no_decay_count: number;
      }
    >
  >;
}

/** Checks which variables a step changes whose gradients are 0: those that decay. */
async function checkGroups({ facts }: Golden<ParamGroups>): Promise<void> {
  for (const [name, groups] of Object.entries(facts.networks)) {
    const { args } = (await readGolden<{ args: VitArgs }>(`vit/models/${name}`)).facts;
    const network = vitOf(args);
    const collected = new Map<string, Variable>();
    const create = variables({ seed: 1, collected });
    const { variables: trainable } = buildModel(
      network,
      create,
      imageOf(args),
      args.num_classes,
    );
    const { update } = adamw({ epochs: 1, batch: 1, lr: 1, weightDecay: 0.5 })
      .optimizer(trainable, create);
    const engine = await open("compiled");
    const ones = new Map(
      trainable.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape)).fill(1)]),
    );
    await engine.hold([...collected.values()], ones);
    await engine.compile<"rate">(({ rate }) => ({
      values: {},
      updates: update(
        new Map(trainable.map((one) => [one, [tf.keep(tf.mul(one.value, 0))]])),
        rate,
      ),
    }))({ rate: { shape: [], data: Float32Array.of(1) } });
    const values = await engine.read(trainable);
    engine.close();
    const named = trainable.map((variable, i) => ({
      name: referenceName(network, variable.name),
      rank: variable.shape.length,
      decays: values[i][0] === 0.5,
    }));
    const without = named.filter(({ decays }) => !decays);
    const sorted = (of: readonly { readonly name: string }[]) => of.map(({ name }) => name).sort();
    assertEquals(sorted(named.filter(({ decays }) => decays)), [...groups.decay].sort(), name);
    assertEquals(
      sorted(without.filter(({ rank }) => rank > 1)),
      [...groups.no_decay_not_1d].sort(),
      name,
    );
    assertEquals(without.length, groups.no_decay_count, name);
  }
}

/** The parameters that AdamW decays. */
export const paramGroups: readonly Check<ParamGroups>[] = [[/^param_groups$/, checkGroups]];
