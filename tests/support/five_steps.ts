import { scratch } from "../../lib/distillers/scratch.ts";
import { classifier } from "../../lib/nn/network.ts";
import { resnet8 } from "../../lib/networks/resnet.ts";
import { type EngineOptions, openEngine } from "../../lib/engine/open_engine.ts";
import { inputs, type Toy } from "./toy.ts";
import { flat, training } from "./toy_training.ts";

/** ResNet-8 with the toy's taps. */
const eight: Toy = classifier("eight", {}, resnet8.stages);

/** Trains ResNet-8 for five steps of eight images. Returns its weights and the losses. */
export async function fiveSteps(
  options: EngineOptions,
): Promise<{ weights: number[]; losses: number[] }> {
  const { engine } = await openEngine(options);
  const losses: number[] = [];
  const { run, read } = await training(engine, scratch(), { teacher: undefined, student: eight });
  for (let step = 0; step < 5; step++) losses.push((await run(inputs(step, 0.05, 8))).loss[0]);
  const weights = Array.from(flat(await read("student.")));
  engine.close();
  return { weights, losses };
}
