import type { Dataset, Mix } from "../data/dataset.ts";
import type { DataOf, Distiller } from "./distiller.ts";
import {
  type Declared,
  type Experiment,
  experiment,
  type NetworksOf,
  type Parts,
  type Started,
  type TeacherPart,
  type Trained,
} from "./experiment.ts";
import type { Net } from "../nn/network.ts";
import type { Schedule } from "./schedule.ts";

/** The name of a part of an experiment. */
export type PartName = keyof Parts<Net, TeacherPart>;

/** The part `P` of a change `C`, or `Was` if the change leaves that part as it is. */
export type PartOf<C, P extends PartName, Was> = C extends { readonly [K in P]: infer Is } ? Is
  : Was;

/** The student's network after a change. */
export type StudentOf<C, S extends Net> = PartOf<C, "student", S> extends infer N
  ? N extends Trained<infer T extends Net> ? T
  : N extends Started<infer T extends Net> ? T
  : N extends Net ? N
  : never
  : never;

/** The teachers' networks after a change. */
export type TeachersOf<C, G extends TeacherPart> = PartOf<C, "teacher", G> extends
  infer T extends TeacherPart ? NetworksOf<T>
  : never;

/** The members that the data set adds to the step context after a change. */
export type ChangedDataOf<C, S extends Net, M extends Mix | undefined, V extends string> =
  PartOf<C, "dataset", Dataset<M, V, StudentOf<C, S>>> extends
    Dataset<infer N extends Mix | undefined, infer W extends string, StudentOf<C, S>>
    ? DataOf<N, W, StudentOf<C, S>>
    : never;

/**
 * The parts of an experiment that a change replaces. If the new student, teacher or data set offers
 * less than the old one, the change must also name a method, because the old one may need what is
 * gone.
 */
export type Change<
  C,
  S extends Net,
  G extends TeacherPart,
  M extends Mix | undefined,
  V extends string,
> =
  & {
    /** The data set to train on and to report on. */
    readonly dataset?: Dataset<Mix | undefined, string, StudentOf<C, S>>;
    /** The network that learns. */
    readonly student?: Net | Trained<Net> | Started<Net>;
    /** The teacher or teachers. `undefined` removes them. */
    readonly teacher?: TeacherPart;
    /** Epochs, batch size, learning rate and optimiser. */
    readonly schedule?: Schedule;
  }
  & ([StudentOf<C, S>, TeachersOf<C, G>, ChangedDataOf<C, S, M, V>] extends
    [S, NetworksOf<G>, DataOf<M, V, S>] ? {
      readonly distiller?: Distiller<StudentOf<C, S>, TeachersOf<C, G>, ChangedDataOf<C, S, M, V>>;
    }
    : {
      readonly distiller: Distiller<StudentOf<C, S>, TeachersOf<C, G>, ChangedDataOf<C, S, M, V>>;
    })
  & { readonly [K in Exclude<keyof C, PartName>]: never };

/**
 * Declares experiments that differ from `base` in some parts, by name. A module exports them as its
 * default, and each is a run and a row of a table. `meta` is that module's `import.meta`.
 *
 * @example
 * ```ts
 * import { ablation, experiment, from, mixup, scratch, sgd, slkd } from "@retort/retort";
 * import { vgg13, vgg8 } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const dataset = cifar100();
 * const schedule = sgd({ epochs: 240, batch: 64, lr: 0.05 });
 * export const teacher = experiment(import.meta, {
 *   dataset,
 *   schedule,
 *   student: vgg13,
 *   distiller: scratch(),
 * });
 * const base = experiment(import.meta, {
 *   dataset,
 *   schedule,
 *   teacher: from(teacher),
 *   student: vgg8,
 *   distiller: slkd(),
 * });
 *
 * export default ablation(import.meta, base, {
 *   oneCopy: { distiller: slkd({ copies: 1 }) },
 *   alone: { teacher: undefined, distiller: scratch() },
 *   mixed: { dataset: cifar100({ mix: mixup() }), distiller: slkd() },
 * });
 * ```
 */
export function ablation<
  S extends Net,
  G extends TeacherPart,
  M extends Mix | undefined,
  V extends string,
  E extends string,
  const C extends { readonly [name: string]: { readonly [K in PartName]?: unknown } },
>(
  meta: { readonly url: string },
  base: Declared<S, G, M, V, E>,
  // A change that fits meets `unknown`: meeting `Change` would replace the default types of options
  // that its method leaves out.
  changes:
    & C
    & {
      readonly [K in keyof C]: C[K] extends Change<C[K], S, G, M, V> ? unknown
        : Change<C[K], S, G, M, V>;
    },
): { readonly [K in keyof C]: Experiment<StudentOf<C[K], S>> } {
  const experiments = Object.entries(changes).map(([name, change]) => [
    name,
    experiment(meta, { ...base.parts, ...change } as unknown as Parts<Net, TeacherPart>),
  ]);
  return Object.fromEntries(experiments);
}
