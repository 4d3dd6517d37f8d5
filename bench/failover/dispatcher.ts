import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startPeer } from '../../local/child-process.ts';
import { freePort } from '../../local/free-ports.ts';

type Place = { readonly host: string; readonly port: number };

/** A carrier's border: Kamailio, which takes turns between our edges and goes on to the next where one fails. */
export interface Dispatcher extends AsyncDisposable {
  readonly sip: Place;
  /** When it last took an edge out of its turns, or back in, ms since 1970, by `host:port`. */
  readonly changes: readonly { readonly edge: string; readonly up: boolean; readonly at: number }[];
}

/** OPTIONS every two seconds; two in a row decide. An INVITE without any response for three seconds goes on, too. */
const PING_SECONDS = 2;
const PINGS = 2;
const FIRST_RESPONSE_MS = 3_000;
/** Its timer wheel turns once a second. */
const TICK_MS = 1_000;

/** From the death of an edge to its last turn, at most. */
export const dispatcherBoundMs = PING_SECONDS * 1_000 * PINGS + FIRST_RESPONSE_MS + TICK_MS;

export async function startDispatcher(host: string, edges: readonly Place[]): Promise<Dispatcher> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-kamailio-'));
  const port = await freePort();
  await writeFile(
    join(folder, 'edges.list'),
    edges.map((edge) => `1 sip:${edge.host}:${edge.port} 0 0\n`).join(''),
  );
  await writeFile(join(folder, 'kamailio.cfg'), configuration({ host, port }, folder));
  const own = ['-f', join(folder, 'kamailio.cfg'), '-Y', folder, '-P', join(folder, 'pid')];
  // In the foreground, with memory for thousands of calls.
  const args = [...own, '-DD', '-E', '-m', '64', '-M', '8'];
  const peer = await startPeer('kamailio', args, { package: 'kamailio', cwd: folder });
  const changes: { edge: string; up: boolean; at: number }[] = [];
  for (const stream of [peer.process.stdout, peer.process.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const [, word, edge] = /EDGE (UP|DOWN) sip:(\S+)/.exec(line) ?? [];
      if (edge) changes.push({ edge, up: word === 'UP', at: Date.now() });
    });
  }
  return {
    sip: { host, port },
    changes,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const modules = ['tm', 'sl', 'rr', 'pv', 'xlog', 'textops', 'siputils', 'dispatcher'];

const configuration = ({ host, port }: Place, folder: string) => `#!KAMAILIO
debug=0
log_stderror=yes
children=2
auto_aliases=no
listen=udp:${host}:${port}
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("tm", "fr_timer", ${FIRST_RESPONSE_MS})
modparam("tm", "fr_inv_timer", 40000)
modparam("dispatcher", "list_file", "${folder}/edges.list")
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "xavp_dst", "_dst")
modparam("dispatcher", "ds_ping_interval", ${PING_SECONDS})
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_probing_threshold", ${PINGS})
modparam("dispatcher", "ds_inactive_threshold", ${PINGS})
modparam("dispatcher", "ds_ping_reply_codes", "class=2")

request_route {
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  if (has_totag()) { if (loose_route()) { t_relay(); } exit; }
  if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  if (!t_newtran()) { exit; }
  record_route();
  if (!ds_select_dst("1", "4")) { t_reply("503", "No Edge"); exit; }
  t_on_failure("NEXT");
  t_relay();
}
failure_route[NEXT] {
  if (t_is_canceled()) { exit; }
  if (t_branch_timeout() || t_check_status("408|5[0-9][0-9]")) {
    if (ds_next_dst()) { t_on_failure("NEXT"); t_relay(); exit; }
  }
}
event_route[dispatcher:dst-down] { xlog("L_ALERT", "EDGE DOWN $ru\\n"); }
event_route[dispatcher:dst-up] { xlog("L_ALERT", "EDGE UP $ru\\n"); }
`;
