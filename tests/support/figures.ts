/** Golden values of the papers' figures, computed by `figures.py`. */
interface Goldens {
  /** Of scikit-learn's exact t-SNE. */
  readonly tsne: {
    readonly samples: number;
    /** Features of a sample. */
    readonly width: number;
    readonly groups: number;
    readonly perplexity: number;
    /** Those of the first pairs, (0, 1), (0, 2) … */
    readonly affinities: readonly number[];
    /** The L2 norm of all, in both orders of a pair. */
    readonly affinity_norm: number;
    /** At `points`. */
    readonly gradient: readonly number[];
    /** At `points`. */
    readonly divergence: number;
    /** The divergence at the end, from `start`. */
    readonly final: number;
  };
  /** Of the package grad-cam. */
  readonly grad_cam: {
    /** Of the images, in PyTorch's layout. */
    readonly shape: readonly [number, number, number, number];
    readonly classes: number;
    /** The class of each image that the maps are of. */
    readonly explained: readonly number[];
    readonly logits: readonly (readonly number[])[];
    /** Grad-CAM++ at each tap, [images, height, width]. */
    readonly maps: Readonly<Record<string, readonly (readonly (readonly number[])[])[]>>;
  };
  /** Of NumPy's corrcoef. */
  readonly correlation: {
    readonly images: number;
    readonly classes: number;
    readonly student: readonly (readonly number[])[];
    readonly teacher: readonly (readonly number[])[];
    /** The mean absolute difference of the two. */
    readonly gap: number;
  };
}

/** Reads the golden values of a computation. */
export async function figureGolden<K extends keyof Goldens>(name: K): Promise<Goldens[K]> {
  const file = new URL("../goldens/figures.json", import.meta.url);
  const goldens: Goldens = JSON.parse(await Deno.readTextFile(file));
  return goldens[name];
}
