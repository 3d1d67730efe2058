import type { Teacher } from "./experiment.ts";

/**
 * Two teachers or more, in order, for a method that takes them together: `teacher: ensemble(from(a), from(b))`. That each
 * fits is checked where the experiment is declared.
 */
export function ensemble<const G extends readonly [Teacher, Teacher, ...Teacher[]]>(...teachers: G): G {
  return teachers;
}
