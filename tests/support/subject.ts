/** A network with its initial weights as what is examined, on tfjs's own backend. */
import type { Subject, SubjectOptions } from "../../lib/evaluation/open_subject.ts";
import type { Experiment } from "../../lib/experiment/experiment.ts";
import { buildModel, type Net } from "../../lib/nn/network.ts";
import { type Variable, variables } from "../../lib/nn/variables.ts";
import { status } from "../../lib/terminal/status.ts";
import { CLASSES, IMAGE } from "./toy.ts";

/** The weights of a network for toy images, on a data set that has such images. */
export function subjectOf(
  network: Net,
  dataset: Experiment["dataset"],
): { readonly subject: Subject; readonly options: SubjectOptions } {
  const collected = new Map<string, Variable>();
  buildModel(network, variables({ seed: 1, collected }), IMAGE, CLASSES);
  const tensors = new Map(
    Array.from(collected, ([name, { shape, initial }]) => [name, { shape, data: initial() }]),
  );
  return {
    subject: { network, dataset, file: { path: "weights", tensors } },
    options: { data: "", backend: "cpu", status: status({ quiet: true }) },
  };
}
