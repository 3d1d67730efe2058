import type { Dataset, Mix } from "../data/dataset.ts";
import type { DataOf, Distiller } from "./distiller.ts";
import {
  type Declared,
  type Experiment,
  experiment,
  type NetworksOf,
  type Parts,
  type TeacherPart,
  type Trained,
} from "./experiment.ts";
import type { Scorer } from "../nn/network.ts";
import type { Schedule } from "./schedule.ts";

/** The parts of any experiment. */
export type PartName = keyof Parts<Scorer, TeacherPart>;

/** A part as a change `C` has it, or else as it was. */
export type PartOf<C, P extends PartName, Was> = C extends { readonly [K in P]: infer Is } ? Is
  : Was;

/** The network that learns after a change. */
export type StudentOf<C, S extends Scorer> = PartOf<C, "student", S> extends infer N
  ? N extends Trained<infer T extends Scorer> ? T : N extends Scorer ? N : never
  : never;

/** The networks that teach after a change. */
export type TeachersOf<C, G extends TeacherPart> = PartOf<C, "teacher", G> extends
  infer T extends TeacherPart ? NetworksOf<T>
  : never;

/** What a data set gives a step after a change. */
export type ChangedDataOf<C, M extends Mix | undefined, V extends string> =
  PartOf<C, "dataset", Dataset<M, V>> extends
    Dataset<infer N extends Mix | undefined, infer W extends string> ? DataOf<N, W> : never;

/**
 * What may be changed of an experiment. Where student, teacher or data set offer less than those
 * before them the method, which may need what is gone, has to be named again.
 */
export type Change<
  C,
  S extends Scorer,
  G extends TeacherPart,
  M extends Mix | undefined,
  V extends string,
> =
  & {
    /** What is learned from and reported on. */
    readonly dataset?: Dataset<Mix | undefined, string>;
    /** The network that learns. */
    readonly student?: Scorer | Trained<Scorer>;
    /** What teaches it; undefined: nobody any more. */
    readonly teacher?: TeacherPart;
    /** How long and at what pace. */
    readonly schedule?: Schedule;
  }
  & ([StudentOf<C, S>, TeachersOf<C, G>, ChangedDataOf<C, M, V>] extends
    [S, NetworksOf<G>, DataOf<M, V>]
    ? { readonly distiller?: Distiller<StudentOf<C, S>, TeachersOf<C, G>, ChangedDataOf<C, M, V>> }
    : { readonly distiller: Distiller<StudentOf<C, S>, TeachersOf<C, G>, ChangedDataOf<C, M, V>> })
  & { readonly [K in Exclude<keyof C, PartName>]: never };

/**
 * Experiments that are another one but for some of its parts, by name: the default export of a
 * module, each a run and a row of a table. The first argument is that module's `import.meta`.
 *
 * ```ts ignore
 * export default ablation(import.meta, vgg13_vgg8, {
 *   oneCopy: { distiller: slkd({ copies: 1 }) },
 *   alone: { teacher: undefined, distiller: scratch() },
 *   mixed: { dataset: cifar100({ mix: mixup() }), distiller: slkd() },
 * });
 * ```
 */
export function ablation<
  S extends Scorer,
  G extends TeacherPart,
  M extends Mix | undefined,
  V extends string,
  E extends string,
  const C extends { readonly [name: string]: { readonly [K in PartName]?: unknown } },
>(
  meta: { readonly url: string },
  base: Declared<S, G, M, V, E>,
  // Where a change fits nothing is asked of it, so that options of its own that are left out keep
  // their default types.
  changes:
    & C
    & {
      readonly [K in keyof C]: C[K] extends Change<C[K], S, G, M, V> ? unknown
        : Change<C[K], S, G, M, V>;
    },
): { readonly [K in keyof C]: Experiment<StudentOf<C[K], S>> } {
  const changed = Object.entries(changes).map(([name, change]) => [
    name,
    experiment(meta, { ...base.parts, ...change } as unknown as Parts<Scorer, TeacherPart>),
  ]);
  return Object.fromEntries(changed);
}
