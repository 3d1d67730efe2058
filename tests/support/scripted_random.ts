import type { Random } from "../../lib/kernels/random_uniform.ts";

/** The numbers that a test gives, in every stream. Default of `normal`: as `uniform`. */
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
