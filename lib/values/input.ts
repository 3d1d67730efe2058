/** An array of numbers with its shape, as it goes into a step. */
export interface Input {
  /** Its dimensions, the batch included. */
  readonly shape: readonly number[];
  /** float32, int32, or bytes that become float32 inside the step. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Named arrays. */
export type Inputs<I extends string> = { readonly [K in I]: Input };
