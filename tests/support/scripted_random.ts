import type { Random } from "../../lib/kernels/random_uniform.ts";

/** Random numbers that are not: every stream is this one. Default of `normal`: as `uniform`. */
export function scriptedRandom(
  uniform: Random["uniform"],
  normal: Random["normal"] = uniform,
): Random {
  const random: Random = {
    uniform,
    normal,
    in: () => random,
    get own() {
      return random;
    },
  };
  return random;
}
