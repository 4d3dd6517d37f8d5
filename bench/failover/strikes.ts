import { setTimeout as sleep } from 'node:timers/promises';
import { REQUEST_TIMEOUT_MS } from '../../edge-node/media/engine.ts';
import { deadWithinMs } from '../../edge-node/media/engine-health.ts';
import type { EdgeSite } from '../../local/edge-site.ts';
import { dispatcherBoundMs } from './dispatcher.ts';
import type { Stage } from './stage.ts';

/** One part that is taken away under load, and given back. Times in ms, those of day since 1970. */
export interface Strike {
  readonly name: string;
  /** From the strike until no new call can feel it any more. */
  readonly boundMs: number;
  strike(): Promise<void>;
  /** Resolves with the time at which whoever sends calls there knew it. */
  detected(since: number): Promise<number>;
  /** Gives it back; resolves when it is in use again. */
  restore(since: number): Promise<void>;
  /** The edge whose calls the reaper has to end, and whether it is left dead until that is done. */
  readonly killedEdge?: { readonly id: string; readonly staysDead: boolean };
}

/** Each part once. The order matters: what was struck is in use again before the next one goes. */
export function strikesOn(stage: Stage): readonly Strike[] {
  const [one, two] = stage.env.edges;
  if (!two) throw new Error('there is no second edge');
  return [carrier(stage), rtpengine(one), edge(stage, one), machine(stage, two), drain(stage, two)];
}

/** Every edge asks every endpoint for itself; it looks four times a second whether a question is due. */
function carrier({ carriers: [killed], probe, env, heard }: Stage): Strike {
  const { everySeconds, timeoutSeconds, down } = probe;
  const said = async (type: 'trunk.down' | 'trunk.up', since: number) => {
    const told = () =>
      heard.filter(({ at, event }) => at >= since && event.type === type && event.trunk === 'one');
    await until(`${type} from each edge`, () => told().length >= env.edges.length);
    return Math.max(...told().map(({ at }) => at));
  };
  return {
    name: 'carrier',
    boundMs: down * (everySeconds * 1_000 + 250) + timeoutSeconds * 1_000,
    strike: () => killed.kill9(),
    detected: (since) => said('trunk.down', since),
    async restore(since) {
      await killed.restart();
      await said('trunk.up', since);
    },
  };
}

function rtpengine({ rtpengines: [killed], edge: { http } }: EdgeSite): Strike {
  const name = `${killed.ng.host}:${killed.ng.port}`;
  const state = async () => {
    const answer = await fetch(`http://${http.host}:${http.port}/media`);
    const { engines } = (await answer.json()) as { engines: { engine: string; state: string }[] };
    return engines.find(({ engine }) => engine === name)?.state;
  };
  const becomes = async (wanted: string) => {
    await until(`rtpengine ${name} is ${wanted}`, async () => (await state()) === wanted);
    return Date.now();
  };
  return {
    name: 'rtpengine',
    boundMs: deadWithinMs(REQUEST_TIMEOUT_MS),
    strike: () => killed.kill(),
    detected: () => becomes('dead'),
    async restore() {
      await killed.restart();
      await becomes('up');
    },
  };
}

const edge = (stage: Stage, site: EdgeSite): Strike => ({
  name: 'edge',
  boundMs: dispatcherBoundMs,
  killedEdge: { id: site.id, staysDead: true },
  strike: () => site.edge.kill9(),
  detected: (since) => dispatched(stage, site, false, since),
  async restore(since) {
    await site.restartEdge();
    await dispatched(stage, site, true, since);
  },
});

/** Edge, SIP server and rtpengines in one blow, and on again as after a power cut. */
const machine = (stage: Stage, site: EdgeSite): Strike => ({
  name: 'machine',
  boundMs: dispatcherBoundMs,
  killedEdge: { id: site.id, staysDead: false },
  strike: () => site.cutPower(),
  detected: (since) => dispatched(stage, site, false, since),
  async restore(since) {
    await site.restorePower();
    await dispatched(stage, site, true, since);
  },
});

/** SIGTERM: the calls that are up go on to their end, and new ones go elsewhere from the first moment. */
function drain(stage: Stage, site: EdgeSite): Strike {
  let over: Promise<void> | undefined;
  return {
    name: 'drain',
    boundMs: 0,
    async strike() {
      over = site.edge.stop();
    },
    detected: (since) => dispatched(stage, site, false, since),
    async restore(since) {
      await over;
      await site.restartEdge();
      await dispatched(stage, site, true, since);
    },
  };
}

/** The carrier that calls us has taken the edge out of its turns, or back in. */
async function dispatched({ dispatcher }: Stage, { sip }: EdgeSite, up: boolean, since: number) {
  const name = `${sip.host}:${sip.port}`;
  const found = () =>
    dispatcher.changes.find((change) => change.edge === name && change.up === up && change.at >= since);
  await until(`the carrier ${up ? 'takes' : 'leaves'} ${name}`, () => found() !== undefined);
  return found()?.at ?? 0;
}

/** A bound against hanging, not a measure. */
const PATIENCE_MS = 120_000;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1_000} s in vain: ${what}`);
    await sleep(25);
  }
}
