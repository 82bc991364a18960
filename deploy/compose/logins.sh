#!/bin/sh
# The roles that the proxy logs in with: app_login owns the tables of the example, catalog_login reads the catalog and nothing else.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -d app \
  -v app="$(cat /run/secrets/app_login)" -v catalog="$(cat /run/secrets/catalog_login)" <<'SQL'
CREATE ROLE app_login LOGIN PASSWORD :'app';
CREATE ROLE catalog_login LOGIN PASSWORD :'catalog';
REVOKE ALL ON DATABASE app FROM PUBLIC;
GRANT CONNECT ON DATABASE app TO app_login, catalog_login;
CREATE SCHEMA app AUTHORIZATION app_login;
ALTER ROLE app_login IN DATABASE app SET search_path = app;
SQL
