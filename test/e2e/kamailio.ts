import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPeer } from '../../local/child-process.ts';
import { freePort } from '../../local/free-ports.ts';

interface Place {
  readonly host: string;
  readonly port: number;
}

export interface KamailioOptions {
  readonly host: string;
  /** What it challenges with: Kamailio knows these two. */
  readonly algorithm: 'MD5' | 'SHA-256';
  readonly realm: string;
  readonly password: string;
  /** Where calls go that proved who they are. */
  readonly callee: Place;
  /** Calls to this number go to whoever is registered as `user`. */
  readonly number: string;
  readonly user: string;
  /** What it answers when we ask it for a digest: its user is `kamailio`. */
  readonly answers?: { readonly realm: string; readonly password: string };
}

/** A carrier that trusts nobody: it asks for a digest of each REGISTER and of each call. */
export interface Kamailio extends AsyncDisposable {
  readonly sip: Place;
}

export async function startKamailio(options: KamailioOptions): Promise<Kamailio> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-kamailio-'));
  const sip = { host: options.host, port: await freePort() };
  const file = join(folder, 'kamailio.cfg');
  await writeFile(file, configuration(sip, options));
  // In the foreground, with its pid and its sockets in the folder.
  const args = ['-f', file, '-Y', folder, '-P', join(folder, 'pid'), '-DD', '-E', '-m', '32', '-M', '8'];
  const peer = await startPeer('kamailio', args, { package: 'kamailio', cwd: folder });
  const stop = async () => {
    await peer[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  const failed = peer.ended.then((code) => {
    throw new Error(`kamailio ended with ${code}; it said:\n${peer.tail()}`);
  });
  failed.catch(() => undefined);
  await Promise.race([answersOptions(sip), failed]).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { sip, [Symbol.asyncDispose]: stop };
}

/** A datagram to a port where nobody listens yet is lost: it is sent again. */
async function answersOptions({ host, port }: Place): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const here = `127.0.0.1:${socket.address().port}`;
  const lines = [
    `OPTIONS sip:${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${here};branch=z9hG4bK-there`,
    `From: <sip:probe@${here}>;tag=there`,
    `To: <sip:${host}:${port}>`,
    'Call-ID: there\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0',
  ];
  const ask = () => socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, host);
  const again = setInterval(ask, 100);
  try {
    await once(socket, 'message', { signal: AbortSignal.timeout(20_000) });
  } finally {
    clearInterval(again);
    socket.close();
  }
}

const modules = 'tm sl rr pv xlog textops siputils maxfwd usrloc registrar auth dialog uac'.split(' ');

const configuration = (
  sip: Place,
  { algorithm, realm, password, callee, number, user, answers }: KamailioOptions,
) => `#!KAMAILIO
debug=0
log_stderror=yes
children=2
auto_aliases=no
listen=udp:${sip.host}:${sip.port}
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("auth", "algorithm", "${algorithm}")
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")
modparam("auth", "nonce_expire", 300)
modparam("registrar", "min_expires", 60)
modparam("usrloc", "db_mode", 0)
modparam("dialog", "track_cseq_updates", 1)
modparam("uac", "restore_mode", "none")
modparam("uac", "auth_realm_avp", "$avp(realm)")
modparam("uac", "auth_username_avp", "$avp(user)")
modparam("uac", "auth_password_avp", "$avp(password)")

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  if (has_totag()) {
    if (!loose_route() && uri == myself) { route(REGISTERED); }
    t_relay();
    exit;
  }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("${realm}", "${password}", "0")) { www_challenge("${realm}", "1"); exit; }
    if ($au != $tU) { sl_send_reply("403", "Not Yours"); exit; }
    save("location");
    exit;
  }
  if ($rU == "${number}") {
    route(REGISTERED);
    record_route();
    dlg_manage();
    t_on_failure("ASKED");
    t_relay();
    exit;
  }
  if (!pv_proxy_authenticate("${realm}", "${password}", "0")) { proxy_challenge("${realm}", "1"); exit; }
  consume_credentials();
  record_route();
  $ru = "sip:" + $rU + "@${callee.host}:${callee.port}";
  t_relay();
}
failure_route[ASKED] {
  if (t_is_canceled() || !t_check_status("401")) { exit; }
  $avp(realm) = "${answers?.realm ?? ''}";
  $avp(user) = "kamailio";
  $avp(password) = "${answers?.password ?? ''}";
  if (uac_auth()) { t_relay(); }
}
route[REGISTERED] {
  $ru = "sip:${user}@${sip.host}:${sip.port}";
  if (!lookup("location")) { sl_send_reply("480", "Nobody Is Registered"); exit; }
}
`;
