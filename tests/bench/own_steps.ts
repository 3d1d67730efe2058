import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { sakd } from "../../lib/distillers/sakd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { shake } from "../../lib/distillers/shake.ts";
import { slkd } from "../../lib/distillers/slkd.ts";
import { type Experiment, experiment } from "../../lib/experiment/experiment.ts";
import { Failure } from "../../lib/values/failure.ts";
import { resnet20, resnet56 } from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import { images, schedule, teaching } from "./pair.ts";

const plain = { dataset: images(), schedule: schedule() };
const vggs = { ...plain, teacher: teaching(vgg13), student: vgg8 };
const resnets = { ...plain, teacher: teaching(resnet56), student: resnet20 };

/** The steps of the three papers' own methods, and the steps to compare them with. */
export const OWN_STEPS = {
  "kd vgg13-vgg8": experiment(import.meta, { ...vggs, distiller: kd() }),
  "shake vgg13-vgg8": experiment(import.meta, { ...vggs, distiller: shake() }),
  "kd resnet56-resnet20": experiment(import.meta, { ...resnets, distiller: kd() }),
  "shake resnet56-resnet20": experiment(import.meta, { ...resnets, distiller: shake() }),
  "scratch vgg8": experiment(import.meta, { ...plain, student: vgg8, distiller: scratch() }),
  "scratch vgg13": experiment(import.meta, { ...plain, student: vgg13, distiller: scratch() }),
  "slkd vgg13-vgg8": experiment(import.meta, { ...vggs, distiller: slkd() }),
  "fitnets vgg13-vgg8": experiment(import.meta, { ...vggs, distiller: fitnets() }),
  "sakd(fitnets) vgg13-vgg8": experiment(import.meta, {
    ...vggs,
    distiller: sakd(fitnets({ weight: 1 })),
  }),
} as const satisfies Readonly<Record<string, Experiment>>;

/** A step's name. */
export type OwnStep = keyof typeof OWN_STEPS;

/** Finds the step of this name. Throws a `Failure` (exit 2) if there is none. */
export function ownStepOf(name: string): OwnStep {
  if (Object.hasOwn(OWN_STEPS, name)) return name as OwnStep;
  throw new Failure(2, `--own is one of ${Object.keys(OWN_STEPS).join(", ")}, not "${name}"`);
}

/** Each step of the three methods, followed by the steps whose sum it is compared with. */
export const MEASURED_BY: readonly (readonly [OwnStep, ...OwnStep[]])[] = [
  ["shake vgg13-vgg8", "kd vgg13-vgg8"],
  ["shake resnet56-resnet20", "kd resnet56-resnet20"],
  ["slkd vgg13-vgg8", "scratch vgg8", "scratch vgg13", "scratch vgg13"],
  ["sakd(fitnets) vgg13-vgg8", "fitnets vgg13-vgg8"],
];
