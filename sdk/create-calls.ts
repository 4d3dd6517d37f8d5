import { ulid } from 'ulid';
import { type PlatformNames, platformAt } from './adapters/platform.ts';
import { type Calls, callsOver } from './calls.ts';

export type CallsClientOptions = PlatformNames;

/**
 * Commands from anywhere but a handler of call events: a web backend, a script, a function behind an API. Every command gets an
 * id of its own: whoever sends again after an error may be heard twice. Credentials and region are those of the AWS SDK.
 */
export const createCalls = (names: CallsClientOptions): Calls =>
  callsOver({ ...platformAt(names), idFor: () => ulid() });
