import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LegMedia, LegName } from '../../contracts/events/call.ts';
import { mosOf } from '../../core/mos.ts';
import type { CallMedia } from '../ports.ts';
import type { NgReply } from './ng-reply.ts';
import { rtpPackets } from './pcap.ts';
import { qualityOf } from './stream-quality.ts';
import { localPortOf, type Tags } from './totals.ts';

/** Turns rtpengine's packet capture of an ended call into loss, jitter and MOS, and deletes it. */
export interface CaptureReader {
  /** Deletes what there is of a call, unread. */
  discard(callId: string): Promise<void>;
  measure(callId: string, last: NgReply, tags: Tags, totals: CallMedia): Promise<CallMedia>;
}

/** Timestamp units per second; G.722 counts 8,000 by RFC 3551 §4.5.2 though it samples at 16,000. */
const clockRates: Readonly<Record<string, number>> = { opus: 48_000 };

export function createCaptureReader(recordingDir: string): CaptureReader {
  const discard = async (callId: string) => {
    const files = await Promise.all([
      captureFiles(recordingDir, callId),
      metadataFiles(recordingDir, callId),
    ]);
    await Promise.all(files.flat().map((file) => rm(file, { force: true })));
  };
  return {
    discard,
    async measure(callId, last, tags, totals) {
      const files = await captureFiles(recordingDir, callId);
      const packets = (await Promise.all(files.map(readPackets))).flat();
      await discard(callId);
      const leg = (name: LegName): LegMedia => {
        const port = localPortOf(last, tags[name]);
        const received = packets.filter((packet) => packet.port === port);
        const quality = qualityOf(received, clockRates[totals[name].codec ?? ''] ?? 8000);
        if (!quality) return totals[name];
        const { lossPercent, jitterMs, latePercent } = quality;
        const mos = mosOf({ lossPercent, jitterMs, codec: totals[name].codec ?? '' });
        return { ...totals[name], lossPercent, jitterMs, mos, latePercent, measuredBy: 'capture' };
      };
      return { a: leg('a'), b: leg('b') };
    },
  };
}

/** A call id is a ULID, so it can stand in a file name. */
const captureFiles = (dir: string, callId: string) => filesStarting(join(dir, 'pcaps'), `${callId}-`);
const metadataFiles = (dir: string, callId: string) =>
  filesStarting(join(dir, 'metadata'), `rtpengine-meta-${callId}`);

async function filesStarting(dir: string, prefix: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(dir, name));
}

async function readPackets(file: string) {
  return [...rtpPackets(await readFile(file).catch(() => Buffer.alloc(0)))];
}
