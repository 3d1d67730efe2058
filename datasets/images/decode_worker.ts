import { messageOf } from "../../lib/values/failure.ts";
import { type Cut, cutOut } from "./cut.ts";
import { imageDecoder } from "./image.ts";

/** A request to the worker: the bytes of an image file and its cut. */
export interface DecodeRequest {
  readonly bytes: Uint8Array;
  readonly cut: Cut;
}

/** The worker's answer: pixels, or the reason why there are none. */
export type DecodeAnswer = { readonly pixels: Uint8Array } | { readonly error: string };

/** The members of a worker's global scope. TypeScript has only those of a page. */
interface Scope {
  onmessage: (event: MessageEvent<DecodeRequest>) => void;
  postMessage(answer: DecodeAnswer, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
let decoder = imageDecoder();

scope.onmessage = async ({ data: { bytes, cut } }) => {
  const decode = await decoder;
  try {
    const pixels = cutOut(decode(bytes), cut);
    scope.postMessage({ pixels }, [pixels.buffer as ArrayBuffer]);
  } catch (error) {
    scope.postMessage({ error: messageOf(error) });
    // A decoder that fails keeps its memory, and works no more after some failures.
    decoder = imageDecoder();
  }
};
