import pRetry, { type Options } from 'p-retry';

/** Waits between one attempt and the next. */
export type Patience = Pick<Options, 'retries' | 'minTimeout' | 'maxTimeout' | 'factor' | 'randomize'>;

/** Asks until there is an answer; undefined when there was none at the last attempt. An error ends it at once. */
export async function askAgain<T>(
  question: (attempt: number) => Promise<T | undefined>,
  patience: Patience,
): Promise<T | undefined> {
  const ask = async (attempt: number) => {
    const answer = await question(attempt);
    if (answer === undefined) throw new NoAnswer();
    return answer;
  };
  try {
    return await pRetry(ask, { ...patience, shouldRetry: ({ error }) => error instanceof NoAnswer });
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}

class NoAnswer extends Error {}
