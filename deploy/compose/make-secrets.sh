#!/bin/sh
# Makes what the example needs and what no repository holds: random passwords, and a certificate for localhost. Once; what is there
# stays. The folder is its owner's alone; the files in it are readable, since containers read them under another user id.
set -eu
cd "$(dirname "$0")"
mkdir -p -m 700 secrets
for name in app_login catalog_login clickhouse postgres; do
  [ -s "secrets/$name" ] || openssl rand -hex 32 >"secrets/$name"
done
[ -s secrets/proxy.key ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \
  -keyout secrets/proxy.key -out secrets/proxy.pem -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
chmod 644 secrets/*
