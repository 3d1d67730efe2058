import {
  type Distiller,
  erase,
  mergeTerms,
  type Teachers,
  withMemory,
} from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import type { Net, Tap } from "../nn/network.ts";

/** What two methods together need of a student: the taps of both. */
export type BothTaps<A extends Net, B extends Net> = Net<Tap<A> | Tap<B>>;

/**
 * What two methods together need of what teaches. Either may need nobody; one teacher and several
 * do not go together.
 */
export type BothTaught<A extends Teachers, B extends Teachers> = A extends undefined ? B
  : B extends undefined ? A
  : A extends Net ? B extends Net ? BothTaps<A, B> : never
  : A extends B ? A
  : B extends A ? B
  : never;

/**
 * Two methods together, as in the tables' `+FitNets` and `+CRD`: the terms of both but `b`'s
 * `task`, each weighed as its method weighs it. Where a term of `b` is called like one of `a` it is
 * named after its method: `fitnets_kd`. Throws a `Failure` (exit 2) where one of them trains
 * modules for others, which both together could not hand on.
 */
export function combine<S extends Net, T extends Teachers, D, R extends Net, U extends Teachers, E>(
  a: Distiller<S, T, D>,
  b: Distiller<R, U, E>,
): Distiller<BothTaps<S, R>, BothTaught<T, U>, D & E> {
  return together(erase(a), erase(b));
}

function together(
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
    needs: a.needs || b.needs ? [...a.needs ?? [], ...b.needs ?? []] : undefined,
    frozenVariables: a.frozenVariables && b.frozenVariables && ((student) => {
      const others = new Set(b.frozenVariables!(student));
      return a.frozenVariables!(student).filter((variable) => others.has(variable));
    }),
    build(context) {
      const [first, second] = [a, b].map(({ build }, i) =>
        build({ ...context, create: context.create.in(PLACES[i]) })
      );
      return (step) => {
        const [one, other] = [first, second].map((loss, i) =>
          withMemory(loss({ ...step, random: step.random.in(PLACES[i]) }))
        );
        return {
          terms: mergeTerms(one.terms, other.terms, b.id),
          writes: [...one.writes, ...other.writes],
          reports: { ...one.reports, ...other.reports },
        };
      };
    },
  };
}

/** Where each method's variables and random numbers are. */
const PLACES = ["first", "second"];
