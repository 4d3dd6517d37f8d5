import { startRtpengine } from '../../../local/rtpengine/start-rtpengine.ts';

/** A process that starts an rtpengine, tells where, and then does nothing until it is killed. */
const { ng } = await startRtpengine({ dtmfPort: 9, b2bPort: 9 });
process.send?.(ng.port);
setInterval(() => undefined, 60_000);
