import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

/** Runs inside a worker thread: loads one handler as Lambda's runtime does, then answers invocations one at a time. */
const { file, name } = workerData;
const loaded = await import(pathToFileURL(file).href);
const handler = loaded[name] ?? loaded.default?.[name];
if (typeof handler !== 'function') throw new Error(`${file} exports no function "${name}"`);

const failure = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: String(error?.message ?? error),
  trace: String(error?.stack ?? '').split('\n'),
});

parentPort.on('message', async ({ id, event, context, trace }) => {
  process.env['_X_AMZN_TRACE_ID'] = trace;
  const { deadline, ...facts } = context;
  try {
    const result = await handler(event, {
      ...facts,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    });
    parentPort.postMessage({ id, result: result === undefined ? null : JSON.parse(JSON.stringify(result)) });
  } catch (error) {
    parentPort.postMessage({ id, error: failure(error) });
  }
});
parentPort.postMessage({ ready: true });
