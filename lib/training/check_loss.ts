import * as tf from "@tensorflow/tfjs";
import { type LossWithMemory, type Terms, withMemory } from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { Variable } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";

/**
 * Checks what a loss returns for `batch` images. The compiler sees neither shapes nor element types,
 * and a cast hides the rest. A write sets a memory, or a variable that is `frozen`. Throws a
 * `Failure` (exit 2) that names the term, the report or the memory.
 */
export function checkLoss(
  result: unknown,
  batch: number,
  frozen: ReadonlySet<Variable> = new Set(),
): LossWithMemory {
  if (result instanceof Promise) {
    throw invalid("the loss is asynchronous, but nothing in a step can wait: use no await");
  }
  if (typeof result !== "object" || result === null) {
    throw invalid(
      'the loss returns no terms: return at least one, as in { task: [1, task(student), "task"] }',
    );
  }
  const loss = withMemory(result as Terms | LossWithMemory);
  const { terms, writes, reports = {} } = loss;
  if (Object.keys(terms).length === 0) {
    throw invalid("the method's loss has no terms: return at least one");
  }
  for (const [name, term] of Object.entries<unknown>(terms)) checkTerm(name, term, batch);
  for (const [name, values] of Object.entries<unknown>(reports)) {
    checkPerSample(`the report ${name}`, values, batch);
  }
  for (const [memory, value] of writes) checkWrite(memory, value, frozen);
  return loss;
}

const invalid = (message: string): Failure => new Failure(2, message);

function checkTerm(name: string, term: unknown, batch: number): void {
  const who = `the term ${name}`;
  if (!Array.isArray(term)) {
    throw invalid(
      `${who} is no term: write [weight, one number per sample]; a loss that also reports or ` +
        "remembers returns { terms, writes, reports }",
    );
  }
  const [weight, perSample, role] = term as readonly unknown[];
  checkWeight(who, weight);
  checkPerSample(who, perSample, batch);
  const { dtype } = perSample as Tensor;
  if (dtype !== "float32") {
    throw invalid(`${who} is ${dtype}, which has no gradient: return it in reports instead`);
  }
  if (role !== undefined && role !== "task") {
    throw invalid(`${who} has the role ${JSON.stringify(role)}: the only role is "task"`);
  }
}

function checkWeight(who: string, weight: unknown): void {
  if (typeof weight === "number") {
    if (Number.isFinite(weight)) return;
    throw invalid(`the weight of ${who} is ${weight}: a weight is a finite number`);
  }
  if (!(weight instanceof tf.Tensor)) {
    throw invalid(`the weight of ${who} is ${nameOf(weight)}: write a number or a scalar tensor`);
  }
  if (weight.rank !== 0) {
    throw invalid(
      `the weight of ${who} is [${weight.shape}]: a weight is a number or a scalar tensor; ` +
        "multiply the term itself by what differs from sample to sample",
    );
  }
}

function checkPerSample(who: string, values: unknown, batch: number): void {
  if (!(values instanceof tf.Tensor)) {
    throw invalid(`${who} has ${nameOf(values)} in place of a tensor of one number per sample`);
  }
  const shape: readonly number[] = values.shape;
  if (shape.length === 1 && shape[0] === batch) return;
  const axes = shape.map((_, axis) => axis).slice(1);
  const wayOut = shape[0] === batch
    ? `average it over its other dimensions, as in tf.mean(x, ${axes.length > 1 ? `[${axes}]` : 1})`
    : "do not average over the samples";
  throw invalid(
    `${who} is [${shape}] in a batch of ${batch}, where one number per sample is due, [${batch}]: ` +
      wayOut,
  );
}

function checkWrite(memory: unknown, value: unknown, frozen: ReadonlySet<Variable>): void {
  if (!(memory instanceof Variable) || !(value instanceof tf.Tensor)) {
    throw invalid("a write is a memory and its next value: [memory, tensor]");
  }
  const { name, shape, trainable } = memory;
  if (trainable && !frozen.has(memory)) {
    throw invalid(
      `${name} learns, so it cannot be written: make it by create.memory, or name a variable of ` +
        "the student in frozenVariables, in those of both methods if two are combined",
    );
  }
  if (value.dtype !== "float32") {
    throw invalid(`the next value of ${name} is ${value.dtype}: cast it to float32`);
  }
  if (!tf.util.arraysEqual([...shape], value.shape)) {
    throw invalid(`the next value of ${name} is [${value.shape}], but the memory is [${shape}]`);
  }
}

/** A value that is no tensor, in an error message. */
function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
