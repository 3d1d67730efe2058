import { messageOf } from "../../lib/values/failure.ts";
import { type Cut, cutOut } from "./cut.ts";
import { imageDecoder } from "./image.ts";

/** What the worker is asked: the bytes of an image file and how it is cut. */
export interface DecodeRequest {
  /** The file's bytes. */
  readonly bytes: Uint8Array;
  /** How it is cut. */
  readonly cut: Cut;
}

/** What it answers: pixels, or why there are none. */
export type Answer = { readonly pixels: Uint8Array } | { readonly error: string };

/** What a worker has that a page's types do not know. */
interface Scope {
  onmessage: (event: MessageEvent<DecodeRequest>) => void;
  postMessage(answer: Answer, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
const decoder = imageDecoder();

scope.onmessage = async ({ data: { bytes, cut } }) => {
  const decode = await decoder;
  try {
    const pixels = cutOut(decode(bytes), cut);
    scope.postMessage({ pixels }, [pixels.buffer as ArrayBuffer]);
  } catch (error) {
    scope.postMessage({ error: messageOf(error) });
  }
};
