/** An input of a step: an array of numbers with its shape. */
export interface Input {
  /** Dimensions, including the batch. */
  readonly shape: readonly number[];
  /** float32, int32, or bytes that become float32 inside the step. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Inputs of a step by name. */
export type Inputs<I extends string> = { readonly [K in I]: Input };
