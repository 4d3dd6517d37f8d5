#!/bin/sh
# Carriers are told the public address, gateways of agents the private one. Addresses and ports come from the seat of the machine: machine/seat-files.ts writes them.
set -eu
exec rtpengine --config-file=none --table=-1 --foreground --log-stderr --log-level=5 \
  "--interface=pub/${PRIVATE_ADDRESS}!${PUBLIC_ADDRESS}" \
  "--interface=priv/${PRIVATE_ADDRESS}" \
  "--listen-ng=${PRIVATE_ADDRESS}:${NG_PORT}" \
  "--listen-cli=127.0.0.1:${CONTROL_PORT}" \
  "--listen-http=127.0.0.1:${HTTP_PORT}" \
  "--port-min=${RTP_FROM}" "--port-max=${RTP_TO}" \
  "--dtmf-log-dest=${EDGE_ADDRESS}:${DIGITS_PORT}" \
  "--b2b-url=http://${EDGE_ADDRESS}:${LOST_CALLS_PORT}/RPC2" --xmlrpc-format=1 \
  --timeout=60 --silent-timeout=3600 --offer-timeout=180 --delete-delay=0
