/**
 * Both sides of a worker thread that answers each request with pixels.
 *
 * @module
 */
import { messageOf } from "../values/failure.ts";

/** A worker thread that answers each request with pixels, in order. */
export interface PixelWorker<R> {
  /**
   * Sends a request, whose `transfer` is gone here afterwards. Rejects with an Error that has the
   * reason if the worker fails, and once it is closed.
   */
  ask(request: R, transfer?: Transferable[]): Promise<Uint8Array>;
  /** Ends the thread. Unfinished calls of `ask` never settle. */
  close(): void;
}

/** The worker's answer: pixels, or the reason why there are none. */
type Answer = { readonly pixels: Uint8Array } | { readonly error: string };

/**
 * Makes a worker of the module at `url`, which calls `answerRequests`. Its thread starts with the
 * first request.
 */
export function pixelWorker<R>(url: URL): PixelWorker<R> {
  let worker: Worker | undefined;
  let isClosed = false;
  const answers: PromiseWithResolvers<Uint8Array>[] = [];
  const start = (): Worker => {
    const thread = new Worker(url, { type: "module" });
    thread.onmessage = ({ data }: MessageEvent<Answer>) => {
      const answer = answers.shift()!;
      if ("pixels" in data) answer.resolve(data.pixels);
      else answer.reject(new Error(data.error));
    };
    // The worker could not start or crashed. The next request gets a new one.
    thread.onerror = (event) => {
      event.preventDefault();
      worker = undefined;
      for (const answer of answers.splice(0)) answer.reject(new Error(event.message));
    };
    return thread;
  };
  return {
    ask(request, transfer = []) {
      if (isClosed) return Promise.reject(new Error("the data set is closed"));
      const answer = Promise.withResolvers<Uint8Array>();
      answers.push(answer);
      worker ??= start();
      worker.postMessage(request, transfer);
      return answer.promise;
    },
    close() {
      isClosed = true;
      worker?.terminate();
    },
  };
}

/** The members of a worker's global scope. TypeScript has only those of a page. */
interface Scope<R> {
  onmessage: (event: MessageEvent<R>) => void;
  postMessage(answer: Answer, transfer?: Transferable[]): void;
}

/** Answers every request to this worker thread. An error of `answer` is the answer's reason. */
export function answerRequests<R>(answer: (request: R) => Uint8Array | Promise<Uint8Array>): void {
  const scope = globalThis as unknown as Scope<R>;
  scope.onmessage = async ({ data }) => {
    try {
      const pixels = await answer(data);
      scope.postMessage({ pixels }, [pixels.buffer as ArrayBuffer]);
    } catch (error) {
      scope.postMessage({ error: messageOf(error) });
    }
  };
}

/** The number of workers: one per processor, at most 16. More would only wait. */
export const workerCount: number = Math.min(navigator.hardwareConcurrency, 16);
