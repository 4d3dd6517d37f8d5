import type { Logger } from 'pino';
import type { Clock } from '../ports.ts';

/** Between two looks at every gateway, ms. */
const LOOK_EVERY_MS = 5_000;
/** One that says nothing for so long is gone: in a network of ours an answer takes a millisecond. */
const ANSWER_MS = 1_000;

export interface KnownGatewaysOptions {
  /** Where gateways are or may be: http://HOST:PORT. */
  readonly urls: readonly string[];
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
}

/** Every gateway that the edge was told of, and which of them take sessions. Others may be away for good reasons: fewer are needed. */
export interface KnownGateways extends AsyncDisposable {
  readonly known: number;
  readonly up: number;
  /** Those that are up, by turns. Where none is, looks once more. */
  inOrder(): Promise<readonly string[]>;
  /** Why the others are not asked. */
  whyNot(): string;
  /** Passed over until a look finds it well again. */
  isDown(url: string, why: string): void;
  /** Asks it again and again whether it is there; `gone` is told once it is not. The returned function stops that. */
  watch(url: string, gone: (why: Error) => void): () => void;
}

export function startKnownGateways({ urls, clock, logger }: KnownGatewaysOptions): KnownGateways {
  /** Why each is down; undefined: it is up. */
  const faults = new Map<string, string | undefined>(urls.map((url) => [url, 'it was not looked at yet']));
  const up = () => urls.filter((url) => faults.get(url) === undefined);
  const closing = new AbortController();
  let turn = 0;
  let cancel = () => {};
  let looking: Promise<void> | undefined;

  const found = (url: string, why: string | undefined) => {
    const before = faults.get(url);
    faults.set(url, why);
    if (before !== why && !closing.signal.aborted)
      logger[why ? 'warn' : 'info']({ gateway: url, why, before }, 'a gateway of agents changed');
  };
  const lookAtAll = async () => {
    cancel();
    await Promise.all(urls.map(async (url) => found(url, await faultOf(url, closing.signal))));
    looking = undefined;
    if (!closing.signal.aborted) cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  const look = () => {
    looking ??= lookAtAll();
    return looking;
  };
  if (urls.length > 0) void look();

  return {
    known: urls.length,
    get up() {
      return up().length;
    },
    async inOrder() {
      if (up().length === 0 && urls.length > 0) await look();
      const well = up();
      const first = turn++ % Math.max(1, well.length);
      return [...well.slice(first), ...well.slice(0, first)];
    },
    whyNot: () => urls.map((url) => `${url}: ${faults.get(url) ?? 'it is up'}`).join('; '),
    isDown: found,
    watch(url, gone) {
      const over = new AbortController();
      void askOn(url, AbortSignal.any([over.signal, closing.signal]), clock, gone);
      return () => over.abort();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      cancel();
      await looking;
    },
  };
}

async function askOn(
  url: string,
  over: AbortSignal,
  clock: Pick<Clock, 'after'>,
  gone: (why: Error) => void,
): Promise<void> {
  const answer = await ask(url, over).catch((error: unknown) => error);
  if (over.aborted) return;
  // One that drains still carries what it has been given.
  if (answer instanceof Error) return gone(answer);
  const cancel = clock.after(ANSWER_MS, () => void askOn(url, over, clock, gone));
  over.addEventListener('abort', cancel, { once: true });
}

async function faultOf(url: string, over: AbortSignal): Promise<string | undefined> {
  try {
    const { ok, status } = await ask(url, over);
    return ok ? undefined : `it takes no sessions (${status})`;
  } catch (error) {
    return messageOf(error);
  }
}

async function ask(url: string, over: AbortSignal): Promise<Response> {
  const signal = AbortSignal.any([over, AbortSignal.timeout(ANSWER_MS)]);
  const response = await fetch(`${url}/ready`, { signal, redirect: 'error' });
  // Read whole, or the connection is not used again.
  await response.arrayBuffer();
  return response;
}

export const messageOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: Error };
  return cause?.message ? `${message}: ${cause.message}` : message;
};
