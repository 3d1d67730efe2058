import {
  type Distiller,
  erase,
  mergeNamed,
  mergeTerms,
  type Teachers,
  within,
  withMemory,
} from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import type { Net, Tap, TokensOf } from "../nn/network.ts";

/** The student that two methods together need: it has the taps of both. */
export type BothTaps<A extends Net, B extends Net> =
  & Net<Tap<A> | Tap<B>>
  & TokensOf<A>
  & TokensOf<B>;

/**
 * The teachers that two methods together need. Either method may need none. A method with one
 * teacher and a method with several do not combine.
 */
export type BothTeachers<A extends Teachers, B extends Teachers> = A extends undefined ? B
  : B extends undefined ? A
  : A extends Net ? B extends Net ? BothTaps<A, B> : never
  : A extends B ? A
  : B extends A ? B
  : never;

/**
 * Combines two methods, as in the tables' `+FitNets` and `+CRD`: the terms of both except `b`'s
 * `task`, each with its own method's weight. A term of `b` whose name is taken gets `b`'s id as a
 * prefix: `fitnets_kd`. What learns in either method learns, so `simkd`, whose head must not, only
 * combines with a method that freezes it too. Throws a `Failure` (exit 2) if a method trains modules for others, because
 * a combination cannot pass them on.
 *
 * @example
 * ```ts
 * import { combine, crd, experiment, from, kd, scratch, sgd, vgg13, vgg8 } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: vgg13,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: vgg8,
 *   distiller: combine(kd(), crd()),
 * });
 * ```
 */
export function combine<S extends Net, T extends Teachers, D, R extends Net, U extends Teachers, E>(
  a: Distiller<S, T, D>,
  b: Distiller<R, U, E>,
): Distiller<BothTaps<S, R>, BothTeachers<T, U>, D & E> {
  return combineErased(erase(a), erase(b));
}

function combineErased(
  a: Distiller<Net, Teachers>,
  b: Distiller<Net, Teachers>,
): Distiller<Net, Teachers> {
  for (const { id, trainedModules } of [a, b]) {
    if (trainedModules) {
      throw new Failure(
        2,
        `combine: ${id} trains modules for others, so it needs an experiment of its own`,
      );
    }
  }
  return {
    id: `${a.id}+${b.id}`,
    options: { methods: [a, b].map(({ id, options }) => ({ id, options })) },
    paper: [a, b].flatMap(({ paper }) => paper ?? []).join("; ") || undefined,
    note: (classes) => [a, b].flatMap(({ note }) => note?.(classes) ?? []).join("; ") || undefined,
    epochOptions: [a, b].flatMap(({ epochOptions }) => epochOptions ?? []),
    needs: a.needs || b.needs ? [...a.needs ?? [], ...b.needs ?? []] : undefined,
    frozenVariables: a.frozenVariables && b.frozenVariables && ((student) => {
      const others = new Set(b.frozenVariables!(student));
      return a.frozenVariables!(student).filter((variable) => others.has(variable));
    }),
    build(context) {
      const losses = [a, b].map(({ build }, i) =>
        build({ ...context, create: context.create.in(SCOPES[i]) })
      );
      return (step) => {
        const [first, second] = losses.map((loss, i) =>
          withMemory(loss(within(step, { random: step.random.in(SCOPES[i]) })))
        );
        return {
          terms: mergeTerms(first.terms, second.terms, b.id),
          writes: [...first.writes, ...second.writes],
          reports: mergeNamed(first.reports ?? {}, second.reports ?? {}, b.id),
        };
      };
    },
  };
}

/** Scopes of the two methods' variables and random numbers. */
const SCOPES = ["first", "second"];
