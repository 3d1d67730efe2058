import { stringify } from "@std/yaml";
import { percentages } from "../project/metric.ts";
import type { CardFacts } from "./model_card.ts";

/** What model hubs read in front of a card, YAML between two rules; the licence is left to whoever publishes the model. */
export function cardMetadata({ model, format, student, epoch }: CardFacts, name: string): string {
  const { experiment: { dataset, distiller }, trial: { metric } } = student;
  const result = {
    task: { type: "image-classification" },
    dataset: { name: dataset.id, type: dataset.id },
    metrics: percentages(metric, dataset.task, epoch).map(({ title, value }) => ({
      type: "accuracy",
      name: title,
      value,
    })),
  };
  const facts = {
    library_name: format.library(model),
    pipeline_tag: "image-classification",
    tags: ["knowledge-distillation", model.network.id, distiller.id],
    datasets: [dataset.id],
    metrics: ["accuracy"],
    "model-index": [{ name, results: [result] }],
  };
  return `---\n# license: yours to choose\n${stringify(facts)}---`;
}
